import type { Argv } from 'yargs';
import {
  CONGESTION_NAMES,
  type CongestionName,
  type SendOptions,
  SYMLINK_POLICIES,
  type SymlinkPolicy,
} from '../../client/options.ts';
import { reporterFor } from '../reporter.ts';
import type { Role } from '../role.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import type { Command } from './command.ts';
import { OUTPUT_FLAGS, onlyOnce, STDIN_OPERAND, TRANSFER_FLAGS } from './flags.ts';
import { follow } from './follow.ts';
import { reporterOptions, transferOptions } from './transfer-options.ts';

const SEND_FLAGS = {
  exclude: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Leave out what matches this pattern, as in .gitignore; repeatable',
  },
  congestion: {
    choices: CONGESTION_NAMES,
    requiresArg: true,
    describe: 'How the rate is found: bbr (the default), cubic as most TCP, or ledbat',
  },
  background: { type: 'boolean', describe: 'Take only what others leave: --congestion ledbat' },
  receivers: {
    type: 'string',
    requiresArg: true,
    describe: 'How many are to have it: a number, or unlimited',
  },
  text: { type: 'string', requiresArg: true, describe: 'A text to show there, instead of files' },
  name: { type: 'string', requiresArg: true, describe: 'What standard input (-) is called' },
  gitignore: { type: 'boolean', describe: 'Leave out what .gitignore files say' },
  symlinks: {
    choices: SYMLINK_POLICIES,
    requiresArg: true,
    describe: 'Links in folders: keep those that stay inside (the default), follow or skip',
  },
} as const;

interface SendArguments {
  readonly PATH: readonly string[] | undefined;
  readonly name: string | undefined;
  readonly text: string | undefined;
  readonly receivers: string | undefined;
  readonly congestion: string | undefined;
  readonly background: boolean | undefined;
  readonly exclude: readonly string[] | undefined;
  readonly gitignore: boolean | undefined;
  readonly symlinks: string | undefined;
}

/** What is to be sent. */
function contents(args: SendArguments, terminal: Terminal): Contents {
  // yargs would demand it before it looks at unknown flags, and blame the wrong one.
  const paths = args.PATH ?? [];
  const text = onlyOnce('text', args.text);
  if (text !== undefined && paths.length > 0) {
    throw new UsageError('--text is sent alone', 'leave out the files, or the text');
  }
  if (text !== undefined) return { paths, text };
  if (paths.length === 0) throw new UsageError('name the files or folders to send');
  if (paths.includes('')) throw new UsageError('one of the paths is empty');
  const name = onlyOnce('name', args.name);
  if (paths.includes(STDIN_OPERAND)) return input(paths, name, terminal);
  if (name !== undefined)
    throw new UsageError('--name is for standard input', 'send - --name NAME');
  const symlinks = onlyOnce('symlinks', args.symlinks) as SymlinkPolicy | undefined;
  return {
    paths,
    ...(args.exclude && { exclude: args.exclude }),
    ...(args.gitignore && { gitignore: true }),
    ...(symlinks && { symlinks }),
  };
}

type Contents = Pick<
  SendOptions,
  'paths' | 'input' | 'text' | 'exclude' | 'gitignore' | 'symlinks'
>;

/** The usual one, unless it is said otherwise. */
function congestion(args: SendArguments): CongestionName | undefined {
  const named = onlyOnce('congestion', args.congestion) as CongestionName | undefined;
  if (!args.background) return named;
  if (named === undefined || named === 'ledbat') return 'ledbat';
  throw new UsageError(`--background and --congestion ${named} exclude each other`);
}

/** One, unless it is said otherwise. */
function expectedReceivers(args: SendArguments): number | 'unlimited' {
  const given = onlyOnce('receivers', args.receivers) ?? '1';
  if (given !== '1' && args.PATH?.includes(STDIN_OPERAND)) {
    throw new UsageError('standard input can be sent once, and so to one receiver');
  }
  if (given === 'unlimited') return given;
  if (/^[1-9][0-9]{0,5}$/.test(given)) return Number(given);
  throw new UsageError('--receivers takes a number from 1 to 999999, or unlimited');
}

/** Standard input, for `-`; a file of that name is `./-`. */
function input(paths: readonly string[], name: string | undefined, { stdin }: Terminal): Contents {
  if (paths.length > 1) {
    throw new UsageError('standard input is sent alone', 'a file that is called - is ./-');
  }
  if (stdin.isTTY === true) {
    throw new UsageError('standard input is a terminal', 'pipe something into it');
  }
  return { paths: [], input: { stream: stdin, name: name ?? 'stdin' } };
}

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
          describe: 'The files and folders to send; - for standard input',
        })
        .options({ ...SEND_FLAGS, ...TRANSFER_FLAGS, ...OUTPUT_FLAGS }),
    (args) =>
      choose(async ({ terminal, library, signal }) => {
        const chosen = congestion(args);
        const options = {
          ...transferOptions(args, terminal),
          ...contents(args, terminal),
          ...(chosen && { congestion: chosen }),
          signal,
        };
        const { servers } = options;
        const receivers = expectedReceivers(args);
        const several = receivers !== 1;
        const about = reporterOptions(args, { role: 'sender', servers, several });
        await follow(
          library.send({ ...options, ...(several && { receivers }) }),
          reporterFor(terminal, about),
        );
      }, 'sender'),
  );
}
