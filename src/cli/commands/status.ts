import type { Argv } from 'yargs';
import type { UnfinishedTransfers } from '../../client/unfinished-transfers.ts';
import { jsonLine } from '../json-events.ts';
import { requireStateFolder } from '../state-folder.ts';
import { unfinishedReport } from '../unfinished-report.ts';
import type { Command, CommandContext } from './command.ts';

const STATUS_FLAGS = {
  json: { type: 'boolean', describe: 'Print them on stdout, one JSON object a line' },
  verbose: { alias: 'v', type: 'boolean', describe: 'Print causes of errors too' },
} as const;

/** Why a file of the state folder is not believed. */
const WHY: Readonly<Record<UnfinishedTransfers['ignored'][number]['why'], string>> = {
  'not-a-file': 'it is no file',
  'not-yours': 'it belongs to another user',
  'open-to-others': 'others may read or write it',
  'too-large': 'it is too large',
  malformed: 'it is not what p2pshare writes',
};

/** `p2pshare status` */
export function addStatus(yargs: Argv, choose: (command: Command) => void): Argv {
  return yargs.command(
    'status',
    'List unfinished transfers',
    (command) => command.options(STATUS_FLAGS),
    ({ json }) => choose((context) => report(json === true, context)),
  );
}

async function report(json: boolean, { terminal, library }: CommandContext): Promise<void> {
  const { transfers, ignored } = await library.unfinished(requireStateFolder(terminal.env));
  if (json) {
    for (const transfer of transfers) {
      terminal.stdout.write(jsonLine({ event: 'unfinished', ...transfer }));
    }
    for (const file of ignored) terminal.stdout.write(jsonLine({ event: 'ignored', ...file }));
    return;
  }
  if (transfers.length === 0) terminal.stderr.write('there are no unfinished transfers\n');
  terminal.stdout.write(unfinishedReport(transfers, Date.now()));
  // Their names are ours, checked before they got here.
  for (const { name, why } of ignored) terminal.stderr.write(`ignored ${name}: ${WHY[why]}\n`);
}
