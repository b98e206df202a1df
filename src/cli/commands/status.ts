import type { UnfinishedTransfers } from '../../client/api/unfinished-transfers.ts';
import { jsonLine } from '../report/json-events.ts';
import { unfinishedReport } from '../report/unfinished-report.ts';
import type { Manual } from '../settings/manual.ts';
import { requireStateFolder } from '../settings/state-folder.ts';
import { type CommandContext, command } from './command.ts';
import { CAUSES_FLAG } from './flags.ts';

const MANUAL: Manual = {
  name: 'status',
  summary: 'List unfinished transfers',
  about: [
    'Lists what was interrupted, what still waits and what is running, with the id that resume and clean take. Each can go on for a day after it was last at work.',
  ],
  groups: [
    {
      title: 'Output',
      flags: {
        json: { type: 'boolean', describe: 'Print them on stdout, one JSON object a line' },
        verbose: CAUSES_FLAG,
      },
    },
  ],
  examples: [{ command: 'p2pshare status', what: 'What there is to go on with' }],
};

/** Why a file of the state folder is not believed. */
const WHY: Readonly<Record<UnfinishedTransfers['ignored'][number]['why'], string>> = {
  'not-a-file': 'it is no file',
  'not-yours': 'it belongs to another user',
  'open-to-others': 'others may read or write it',
  'too-large': 'it is too large',
  malformed: 'it is not what p2pshare writes',
};

interface StatusArguments {
  readonly json: boolean | undefined;
}

/** `p2pshare status` */
export const STATUS = command<StatusArguments>(MANUAL, ({ json }, context) =>
  report(json === true, context),
);

async function report(json: boolean, { terminal, library }: CommandContext): Promise<void> {
  const { unfinished } = await library();
  const { transfers, ignored } = await unfinished(requireStateFolder(terminal.env));
  if (json) {
    for (const transfer of transfers) {
      terminal.stdout.write(jsonLine({ event: 'unfinished', ...transfer }));
    }
    for (const file of ignored) terminal.stdout.write(jsonLine({ event: 'ignored', ...file }));
    return;
  }
  if (transfers.length === 0) terminal.stderr.write('there are no unfinished transfers\n');
  else terminal.stdout.write(unfinishedReport(transfers, Date.now()));
  // Their names are ours, checked before they got here.
  for (const { name, why } of ignored) terminal.stderr.write(`ignored ${name}: ${WHY[why]}\n`);
}
