import type { Argv } from 'yargs';
import { reporterFor } from '../reporter.ts';
import type { Role } from '../role.ts';
import { UsageError } from '../usage-error.ts';
import type { Command } from './command.ts';
import { OUTPUT_FLAGS, TRANSFER_FLAGS } from './flags.ts';
import { follow } from './follow.ts';
import { reporterOptions, transferOptions } from './transfer-options.ts';

/** `p2pshare send FILE` */
export function addSend(yargs: Argv, choose: (command: Command, role: Role) => void): Argv {
  return yargs.command(
    'send [FILE]',
    'Send a file: prints a code and waits for the receiver',
    (command) =>
      command
        .positional('FILE', { type: 'string', describe: 'The file to send' })
        .options({ ...TRANSFER_FLAGS, ...OUTPUT_FLAGS }),
    (args) =>
      choose(async ({ terminal, library, signal }) => {
        // yargs would demand it before it looks at unknown flags, and blame the wrong one.
        if (!args.FILE) throw new UsageError('name the file to send');
        const options = { ...transferOptions(args, terminal), file: args.FILE, signal };
        const { servers } = options;
        const reporter = reporterFor(terminal, reporterOptions(args, { role: 'sender', servers }));
        await follow(library.send(options), reporter);
      }, 'sender'),
  );
}
