import type { ReceiveOptions } from '../../client/api/options.ts';
import { comparison, requirePeople } from '../ask/comparison.ts';
import { Consent } from '../ask/consent.ts';
import { Prompt } from '../ask/prompt.ts';
import { readCode } from '../code/code-file.ts';
import { requireCode } from '../errors/code-problem.ts';
import { UsageError } from '../errors/usage-error.ts';
import { reporterFor } from '../report/reporter-for.ts';
import type { Flags, Manual } from '../settings/manual.ts';
import { isInteractive, type Terminal } from '../terminal/terminal.ts';
import { type CommandContext, command } from './command.ts';
import { OUTPUT_FLAGS, onlyOnce, VERIFY_FLAG, WAY_FLAGS } from './flags.ts';
import { follow } from './follow.ts';
import { reporterOptions, type TransferArguments, transferOptions } from './transfer-options.ts';

const PLACE_FLAGS = {
  out: {
    alias: 'o',
    type: 'string',
    value: 'DIR|NAME|-',
    isPath: true,
    describe: 'Folder to write into, or name to write to; - for stdout',
  },
  'code-file': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    perRun: true,
    describe: 'Take the code from this file',
  },
  yes: { alias: 'y', type: 'boolean', describe: 'Accept without asking' },
  'on-conflict': {
    type: 'string',
    choices: ['ask', 'skip', 'rename', 'overwrite', 'fail'],
    value: 'POLICY',
    describe:
      'If the destination exists: ask, skip, rename, overwrite or fail; without it: ask on a terminal, otherwise fail',
  },
  delta: { type: 'boolean', describe: 'Fetch only what has changed in files that are here' },
  preserve: { type: 'boolean', describe: 'Take over all permission bits' },
  'allow-hidden': { type: 'boolean', describe: 'Accept a hidden name, such as .bashrc' },
  verify: VERIFY_FLAG,
} as const satisfies Flags;

const MANUAL: Manual = {
  name: 'receive',
  aliases: ['rx', 'recv'],
  operands: [
    {
      name: 'CODE',
      many: true,
      optional: true,
      describe: 'The code, also as separate words; asked for when left out',
    },
  ],
  summary: 'Receive files and folders: takes the code that the sender was given',
  about: [
    'Shows what is offered and asks before anything is written. Whole files appear under their names only when every byte of them has been checked, and nothing that exists is replaced unasked.',
    'Codes are taken in any case, with blanks or dashes, and with words cut short as long as it stays clear which are meant. When it asks for the code, Tab completes its words.',
    'If either side dies, run the same command again: only what had not arrived travels.',
  ],
  groups: [
    { title: 'What is written', flags: PLACE_FLAGS },
    { title: 'The way there', flags: WAY_FLAGS },
    { title: 'Output', flags: OUTPUT_FLAGS },
  ],
  examples: [
    { command: 'p2pshare receive 48213-acorn-velvet-harbor', what: 'Into this folder' },
    { command: 'p2pshare receive -o ~/Downloads', what: 'Asks for the code' },
    { command: 'p2pshare receive --yes --on-conflict rename CODE', what: 'In a script' },
    { command: 'p2pshare receive --yes -o - CODE | tar x', what: 'To a program, as it comes' },
    { command: 'p2pshare receive --delta CODE', what: 'Only what has changed' },
  ],
};

interface ReceiveArguments extends TransferArguments {
  readonly CODE: readonly string[] | undefined;
  readonly out: string | undefined;
  readonly 'allow-hidden': boolean | undefined;
  readonly preserve: boolean | undefined;
  readonly delta: boolean | undefined;
  readonly yes: boolean | undefined;
  readonly verify: boolean | undefined;
  readonly 'code-file': string | undefined;
  readonly 'on-conflict': string | undefined;
  readonly json: boolean | undefined;
  readonly quiet: boolean | undefined;
  readonly verbose: boolean | undefined;
}

/** `p2pshare receive [CODE...]` */
export const RECEIVE = command<ReceiveArguments>(MANUAL, receive, 'receiver');

async function receive(args: ReceiveArguments, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const common = transferOptions(args, terminal);
  // Program output and questions do not mix: with --json there is nobody to ask.
  const canAsk = isInteractive(terminal) && args.json !== true;
  const onConflict = conflictPolicy(onlyOnce('on-conflict', args['on-conflict']), canAsk);
  const out = destination(args, terminal);
  refuseToGuess(args, canAsk);
  if (args.verify) requirePeople(terminal, args.json === true);
  const prompt = new Prompt(terminal, signal);
  try {
    // Before it is asked for: nobody waits for it once the code is typed.
    const library = await context.library();
    const code = (await givenCode(args)) ?? (await prompt.askCode('code: '));
    signal.throwIfAborted();
    if (code === undefined) throw new UsageError('no code was given');
    requireCode(code);
    const { servers } = common;
    const reporter = reporterFor(terminal, reporterOptions(args, { role: 'receiver', servers }));
    const consent = new Consent(prompt, reporter, { yes: args.yes === true, onConflict });
    await follow(
      library.receive({
        ...common,
        code,
        ...(out === undefined ? {} : { out }),
        ...(args['allow-hidden'] ? { allowHidden: true } : {}),
        ...(args.preserve ? { preserve: true } : {}),
        ...(args.delta ? { delta: true } : {}),
        onConflict,
        decide: (offer, withdrawn) => consent.decide(offer, withdrawn),
        ...(args.verify && { verify: comparison(prompt, reporter) }),
        signal,
      }),
      reporter,
    );
  } finally {
    prompt.close();
  }
}

/** Standard output for `-`, if it can take a file: nothing else may write to it then. */
function destination(args: ReceiveArguments, { stdout }: Terminal): ReceiveOptions['out'] {
  const out = onlyOnce('out', args.out);
  if (out !== '-') return out;
  if (args.json === true) {
    throw new UsageError(
      '--json and --out - both want standard output',
      'leave one of them out; a file that is called - is ./-',
    );
  }
  if (stdout.isTTY === true) {
    throw new UsageError(
      '--out - would write the file to the terminal',
      'pipe it on, as in: p2pshare receive CODE -o - | tar t',
    );
  }
  return stdout;
}

/** A code that was typed with blanks is several arguments. */
function codeFrom({ CODE }: ReceiveArguments): string | undefined {
  return CODE === undefined || CODE.length === 0 ? undefined : CODE.join(' ');
}

/** Of one place only: nobody knows which one was meant otherwise. */
async function givenCode(args: ReceiveArguments): Promise<string | undefined> {
  const path = onlyOnce('code-file', args['code-file']);
  const code = codeFrom(args);
  if (path === undefined) return code;
  if (code !== undefined) throw new UsageError('--code-file is given, and a code as well');
  return await readCode(path);
}

/** Everything that would need an answer is refused before anything is sent. */
function refuseToGuess(args: ReceiveArguments, canAsk: boolean): void {
  if (canAsk) return;
  if (codeFrom(args) === undefined && args['code-file'] === undefined) {
    throw new UsageError(
      'there is no terminal to ask for the code on',
      'name the code: p2pshare receive CODE, or a file that has it: --code-file FILE',
    );
  }
  if (args.yes !== true) {
    throw new UsageError(
      'there is no terminal to ask on whether to accept the file',
      'add --yes to accept what this code brings',
    );
  }
}

function conflictPolicy(
  flag: string | undefined,
  canAsk: boolean,
): NonNullable<ReceiveOptions['onConflict']> {
  if (flag === 'ask' && !canAsk) {
    throw new UsageError(
      'there is no terminal to ask on for --on-conflict ask',
      'choose skip, rename, overwrite or fail',
    );
  }
  return (flag as ReceiveOptions['onConflict']) ?? (canAsk ? 'ask' : 'fail');
}
