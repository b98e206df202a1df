import {
  CONGESTION_NAMES,
  type CongestionName,
  type SendOptions,
  SYMLINK_POLICIES,
  type SymlinkPolicy,
} from '../../client/api/options.ts';
import { comparison, requirePeople } from '../ask/comparison.ts';
import { Prompt } from '../ask/prompt.ts';
import { type CodeSharing, sharingCode } from '../code/code-sharing.ts';
import { UsageError } from '../errors/usage-error.ts';
import { reporterFor } from '../report/reporter-for.ts';
import type { Flags, Manual } from '../settings/manual.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type CommandContext, command } from './command.ts';
import { OUTPUT_FLAGS, onlyOnce, STDIN_OPERAND, VERIFY_FLAG, WAY_FLAGS } from './flags.ts';
import { follow } from './follow.ts';
import { reporterOptions, type TransferArguments, transferOptions } from './transfer-options.ts';

const CONTENT_FLAGS = {
  exclude: {
    type: 'string',
    array: true,
    value: 'PATTERN',
    describe: 'Leave out what matches this pattern, as in .gitignore; repeatable',
  },
  gitignore: { type: 'boolean', describe: 'Leave out what .gitignore files say' },
  'encode-names': {
    type: 'boolean',
    describe: 'Send a name that not every system takes, such as 12:30, as 12%3A30',
  },
  'skip-changed': {
    type: 'boolean',
    describe: 'Leave out a file in a folder that changes or goes before it is sent',
  },
  symlinks: {
    type: 'string',
    choices: SYMLINK_POLICIES,
    value: 'POLICY',
    describe: 'Links in folders: keep those that stay inside (the default), follow or skip',
  },
  text: {
    type: 'string',
    value: 'TEXT',
    perRun: true,
    describe: 'A text to show there, instead of files',
  },
  name: {
    type: 'string',
    value: 'NAME',
    perRun: true,
    describe: 'What standard input (-) is called there',
  },
  receivers: {
    type: 'string',
    value: 'N',
    describe: 'How many are to have it: a number, or unlimited',
  },
} as const satisfies Flags;

const CODE_FLAGS = {
  verify: VERIFY_FLAG,
  qr: { type: 'boolean', describe: 'Show the command for the receiver as a QR code as well' },
  copy: { type: 'boolean', describe: 'Put the command for the receiver on the clipboard' },
  'code-file': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    perRun: true,
    describe: 'Write the code to this file as well, for you alone to read',
  },
} as const satisfies Flags;

const RATE_FLAGS = {
  congestion: {
    type: 'string',
    choices: CONGESTION_NAMES,
    opposes: 'background',
    value: 'NAME',
    describe: 'How the rate is found: bbr (the default), cubic as most TCP, or ledbat',
  },
  background: {
    type: 'boolean',
    opposes: 'congestion',
    describe: 'Take only what others leave: --congestion ledbat',
  },
  'no-compress': {
    type: 'boolean',
    describe: 'Send everything as it is, however slow the network',
  },
} as const satisfies Flags;

const MANUAL: Manual = {
  name: 'send',
  aliases: ['tx'],
  operands: [
    { name: 'PATH', many: true, describe: 'The files and folders to send; - for standard input' },
  ],
  summary: 'Send files and folders: prints a code and waits for the receiver',
  about: [
    'Prints a code at once, waits for whoever has it, and ends when the receiver has verified and kept everything. Tell the code to nobody but the receiver: it is all that they need.',
    'If either side dies, run the same command again. The code still works, and only what had not arrived travels.',
    'Without a server it finds receivers on this machine and on the local network.',
  ],
  groups: [
    { title: 'What is sent', flags: CONTENT_FLAGS },
    { title: 'The code', flags: CODE_FLAGS },
    { title: 'The way there', flags: { ...WAY_FLAGS, ...RATE_FLAGS } },
    { title: 'Output', flags: OUTPUT_FLAGS },
  ],
  examples: [
    { command: 'p2pshare send holiday.mp4', what: 'One file' },
    { command: 'p2pshare send --exclude node_modules src docs', what: 'Folders, but not all' },
    { command: 'tar c DIR | p2pshare send - --name dir.tar', what: 'What a program writes' },
    { command: 'p2pshare send --receivers unlimited slides.pdf', what: 'To everybody who comes' },
    { command: 'p2pshare send --background --limit 2MB/s disk.img', what: 'Without being noticed' },
  ],
};

interface SendArguments extends TransferArguments {
  readonly PATH: readonly string[] | undefined;
  readonly name: string | undefined;
  readonly text: string | undefined;
  readonly receivers: string | undefined;
  readonly congestion: string | undefined;
  readonly background: boolean | undefined;
  readonly 'no-compress': boolean | undefined;
  readonly exclude: readonly string[] | undefined;
  readonly gitignore: boolean | undefined;
  readonly 'encode-names': boolean | undefined;
  readonly 'skip-changed': boolean | undefined;
  readonly symlinks: string | undefined;
  readonly verify: boolean | undefined;
  readonly qr: boolean | undefined;
  readonly copy: boolean | undefined;
  readonly 'code-file': string | undefined;
  readonly json: boolean | undefined;
  readonly quiet: boolean | undefined;
  readonly verbose: boolean | undefined;
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
    ...(args['encode-names'] && { encodeNames: true }),
    ...(args['skip-changed'] && { skipChanged: true }),
    ...(symlinks && { symlinks }),
  };
}

type Contents = Pick<
  SendOptions,
  'paths' | 'input' | 'text' | 'exclude' | 'gitignore' | 'encodeNames' | 'skipChanged' | 'symlinks'
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

/** `p2pshare send PATH...` */
export const SEND = command<SendArguments>(MANUAL, send, 'sender');

async function send(args: SendArguments, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const chosen = congestion(args);
  const options = {
    ...transferOptions(args, terminal),
    ...contents(args, terminal),
    ...(chosen && { congestion: chosen }),
    ...(args['no-compress'] && { compress: false }),
  };
  const { servers } = options;
  const receivers = expectedReceivers(args);
  const several = receivers !== 1;
  const about = reporterOptions(args, { role: 'sender', servers, several });
  const codeSharing = sharing(args);
  if (args.verify) requireOne(args, several, terminal);
  const trouble = new AbortController();
  const reporter = sharingCode(reporterFor(terminal, about), codeSharing, {
    terminal,
    servers,
    onFailure: (error) => trouble.abort(error),
  });
  const prompt = new Prompt(terminal, signal);
  try {
    const library = await context.library();
    const transfer = library.send({
      ...options,
      ...(several && { receivers }),
      ...(args.verify && { verify: comparison(prompt, reporter) }),
      signal: AbortSignal.any([signal, trouble.signal]),
    });
    await follow(transfer, reporter);
  } catch (error) {
    throw trouble.signal.aborted ? trouble.signal.reason : error;
  } finally {
    await reporter.settled();
    prompt.close();
  }
}

/** How else the code is told; what is set for people does not get in the way of scripts. */
function sharing(args: SendArguments): CodeSharing {
  const isForPeople = args.json !== true && args.quiet !== true;
  return {
    qr: isForPeople && args.qr === true,
    copy: isForPeople && args.copy === true,
    codeFile: onlyOnce('code-file', args['code-file']),
  };
}

/** Two people can compare words, not more, and not through a pipe. */
function requireOne(args: SendArguments, several: boolean, terminal: Terminal): void {
  if (several) throw new UsageError('--verify is for one receiver', 'leave out --receivers');
  requirePeople(terminal, args.json === true);
}
