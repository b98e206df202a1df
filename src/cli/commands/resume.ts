import type { UnfinishedTransfer } from '../../client/api/unfinished-transfers.ts';
import { Consent } from '../ask/consent.ts';
import { Prompt } from '../ask/prompt.ts';
import { UsageError } from '../errors/usage-error.ts';
import { reporterFor } from '../report/reporter-for.ts';
import { parseDuration } from '../settings/duration.ts';
import type { Manual } from '../settings/manual.ts';
import { requireStateFolder } from '../settings/state-folder.ts';
import { isInteractive } from '../terminal/terminal.ts';
import type { Role } from '../words/role.ts';
import { type CommandContext, command } from './command.ts';
import { OUTPUT_FLAGS, onlyOnce, TIMEOUT_FLAG } from './flags.ts';
import { follow } from './follow.ts';
import { reporterOptions } from './transfer-options.ts';

const MANUAL: Manual = {
  name: 'resume',
  operands: [
    {
      name: 'ID',
      optional: true,
      describe: 'Which one, as status lists it; the only one when left out',
    },
  ],
  summary: 'Go on with an unfinished transfer',
  about: [
    'Does what the command that began the transfer would do if it were run again: the other side is met under the same code, and only what had not arrived travels. The other side has to run as well, unless it still waits.',
  ],
  groups: [
    { title: 'The way there', flags: { timeout: TIMEOUT_FLAG } },
    { title: 'Output', flags: OUTPUT_FLAGS },
  ],
  examples: [{ command: 'p2pshare resume', what: 'The only one there is' }],
};

interface ResumeArguments {
  readonly ID: string | undefined;
  readonly timeout: string | undefined;
  readonly json: boolean | undefined;
  readonly quiet: boolean | undefined;
  readonly verbose: boolean | undefined;
}

/** `p2pshare resume [ID]` */
export const RESUME = command<ResumeArguments>(MANUAL, resume);

async function resume(args: ResumeArguments, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const folder = requireStateFolder(terminal.env);
  const timeout = onlyOnce('timeout', args.timeout);
  const library = await context.library();
  const { transfers } = await library.unfinished(folder);
  const { id, direction } = meant(transfers, args.ID);
  const role: Role = direction === 'send' ? 'sender' : 'receiver';
  const reporter = reporterFor(terminal, reporterOptions(args, { role, servers: [] }));
  const prompt = new Prompt(terminal, signal);
  const onConflict = isInteractive(terminal) && args.json !== true ? 'ask' : 'fail';
  const consent = new Consent(prompt, reporter, { yes: false, onConflict });
  try {
    const transfer = library.resume({
      stateFolder: folder,
      id,
      ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout) }),
      // What was accepted before is not asked again; without somebody to ask, all else is declined.
      ...(onConflict === 'ask' && { decide: (offer, gone) => consent.decide(offer, gone) }),
      signal,
    });
    await follow(transfer, reporter);
  } finally {
    prompt.close();
  }
}

/** The one of this id, or the only one that can go on. */
function meant(
  transfers: readonly UnfinishedTransfer[],
  id: string | undefined,
): UnfinishedTransfer {
  const able = transfers.filter(({ state }) => state !== 'running' && state !== 'expired');
  const [first, second] = id === undefined ? able : able.filter((one) => one.id === id);
  const hint = 'p2pshare status lists the unfinished transfers';
  if (first === undefined) {
    const which = id === undefined ? 'there is no transfer' : 'there is no such transfer';
    throw new UsageError(`${which} that can go on`, hint);
  }
  if (second !== undefined) throw new UsageError('there are several: say which one', hint);
  return first;
}
