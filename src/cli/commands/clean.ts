import type { UnfinishedTransfer } from '../../client/api/unfinished-transfers.ts';
import { Prompt } from '../ask/prompt.ts';
import { UsageError } from '../errors/usage-error.ts';
import { unfinishedSummary } from '../report/unfinished-report.ts';
import type { Manual } from '../settings/manual.ts';
import { requireStateFolder } from '../settings/state-folder.ts';
import { isInteractive } from '../terminal/terminal.ts';
import { type CommandContext, command } from './command.ts';
import { CAUSES_FLAG } from './flags.ts';

const MANUAL: Manual = {
  name: 'clean',
  operands: [{ name: 'ID', optional: true, describe: 'Which one, as status lists it' }],
  summary: 'Remove what is left of unfinished transfers',
  about: [
    'Removes the parts of files that have come, and what is remembered to go on with; nothing else, and nothing that a living process is at.',
  ],
  groups: [
    {
      title: 'What is removed',
      flags: {
        all: { type: 'boolean', perRun: true, describe: 'All that nobody is at' },
        yes: { alias: 'y', type: 'boolean', perRun: true, describe: 'Remove without asking' },
      },
    },
    { title: 'Output', flags: { verbose: CAUSES_FLAG } },
  ],
  examples: [{ command: 'p2pshare clean --all', what: 'Asks about each' }],
};

interface CleanArguments {
  readonly ID: string | undefined;
  readonly all: boolean | undefined;
  readonly yes: boolean | undefined;
}

/** `p2pshare clean [ID]` */
export const CLEAN = command<CleanArguments>(MANUAL, clean);

async function clean(args: CleanArguments, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const stateFolder = requireStateFolder(terminal.env);
  if ((args.ID === undefined) === (args.all !== true)) {
    throw new UsageError('say which one, or --all', 'p2pshare status lists them');
  }
  if (args.yes !== true && !isInteractive(terminal)) {
    throw new UsageError('there is no terminal to ask on', 'add --yes to remove without asking');
  }
  const library = await context.library();
  const { transfers } = await library.unfinished(stateFolder);
  const prompt = new Prompt(terminal, signal);
  try {
    for (const transfer of chosen(transfers, args.ID)) {
      const summary = `${transfer.id}: ${unfinishedSummary(transfer)}`;
      if (!(args.yes || (await agrees(prompt, summary)))) continue;
      signal.throwIfAborted();
      await library.forget({ stateFolder, id: transfer.id });
      terminal.stderr.write(`removed ${summary}\n`);
    }
  } finally {
    prompt.close();
  }
}

function chosen(
  transfers: readonly UnfinishedTransfer[],
  id: string | undefined,
): readonly UnfinishedTransfer[] {
  const idle = transfers.filter(({ state }) => state !== 'running');
  if (id === undefined) return idle;
  const found = idle.filter((transfer) => transfer.id === id);
  if (found.length > 0) return found;
  throw new UsageError('there is no such transfer that nobody is at', 'p2pshare status lists them');
}

/** Only a clear yes is one. */
async function agrees(prompt: Prompt, summary: string): Promise<boolean> {
  return /^y(es)?$/i.test((await prompt.ask(`remove ${summary}? [y/N] `)) ?? '');
}
