import type { Argv } from 'yargs';
import { SYMLINK_POLICIES, type SymlinkPolicy } from '../../client/options.ts';
import { reporterFor } from '../reporter.ts';
import type { Role } from '../role.ts';
import { UsageError } from '../usage-error.ts';
import type { Command } from './command.ts';
import { OUTPUT_FLAGS, onlyOnce, TRANSFER_FLAGS } from './flags.ts';
import { follow } from './follow.ts';
import { reporterOptions, transferOptions } from './transfer-options.ts';

const SEND_FLAGS = {
  exclude: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Leave out what matches this pattern, as in .gitignore; repeatable',
  },
  gitignore: { type: 'boolean', describe: 'Leave out what .gitignore files say' },
  symlinks: {
    choices: SYMLINK_POLICIES,
    requiresArg: true,
    describe: 'Links in folders: keep those that stay inside (the default), follow or skip',
  },
} as const;

/** `p2pshare send PATH..` */
export function addSend(yargs: Argv, choose: (command: Command, role: Role) => void): Argv {
  return yargs.command(
    'send [PATH..]',
    'Send files and folders: prints a code and waits for the receiver',
    (command) =>
      command
        .positional('PATH', {
          type: 'string',
          array: true,
          describe: 'The files and folders to send',
        })
        .options({ ...SEND_FLAGS, ...TRANSFER_FLAGS, ...OUTPUT_FLAGS }),
    (args) =>
      choose(async ({ terminal, library, signal }) => {
        // yargs would demand it before it looks at unknown flags, and blame the wrong one.
        const paths = args.PATH ?? [];
        if (paths.length === 0) throw new UsageError('name the files or folders to send');
        if (paths.includes('')) throw new UsageError('one of the paths is empty');
        const symlinks = onlyOnce('symlinks', args.symlinks) as SymlinkPolicy | undefined;
        const options = {
          ...transferOptions(args, terminal),
          paths,
          signal,
          ...(args.exclude && { exclude: args.exclude }),
          ...(args.gitignore && { gitignore: true }),
          ...(symlinks && { symlinks }),
        };
        const { servers } = options;
        const reporter = reporterFor(terminal, reporterOptions(args, { role: 'sender', servers }));
        await follow(library.send(options), reporter);
      }, 'sender'),
  );
}
