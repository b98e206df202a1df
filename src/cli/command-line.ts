import yargs, { type Argv } from 'yargs';
import { addBench } from './commands/bench.ts';
import { addClean } from './commands/clean.ts';
import type { Command } from './commands/command.ts';
import { addDoctor } from './commands/doctor.ts';
import { STDIN_OPERAND } from './commands/flags.ts';
import { addReceive } from './commands/receive.ts';
import { addResume } from './commands/resume.ts';
import { addSend } from './commands/send.ts';
import { addServer } from './commands/server.ts';
import { addStatus } from './commands/status.ts';
import type { Role } from './role.ts';
import { UsageError } from './usage-error.ts';

/** Either a command to run, or a text that was asked for (`--help`, `--version`). */
export type CommandLine =
  | { readonly kind: 'command'; readonly command: Command; readonly role: Role | undefined }
  | { readonly kind: 'text'; readonly text: string };

const WIDEST_HELP = 80;
/** In the order in which help lists them. */
const COMMANDS = [
  addSend,
  addReceive,
  addStatus,
  addResume,
  addClean,
  addServer,
  addDoctor,
  addBench,
];

/** Reads the arguments; throws `UsageError`. Nothing is run and nothing is printed. */
export function parseCommandLine(
  argv: readonly string[],
  { version, columns }: { readonly version: string; readonly columns: number | undefined },
): CommandLine {
  let command: Command | undefined;
  let role: Role | undefined;
  let text = '';
  const choose = (chosen: Command, itsRole?: Role) => {
    command = chosen;
    role = itsRole;
  };
  // It looks for a version from this folder upwards, which in that of a user may take long.
  const parser = yargs([], import.meta.dirname)
    .scriptName('p2pshare')
    .usage('p2pshare: files straight from one machine to another, end-to-end encrypted')
    .locale('en')
    .wrap(Math.min(columns || WIDEST_HELP, WIDEST_HELP))
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    });
  COMMANDS.reduce<Argv>((argv, add) => add(argv, choose), parser)
    .version(version)
    .help()
    .alias('help', 'h')
    .strict()
    .demandCommand(1, 'say what to do, such as send or receive')
    // `fail` must throw: a handler that returns lets the command run on bad arguments.
    .exitProcess(false)
    .fail(throwUsageError)
    .parse(withoutDoubleDash(argv).map(operand), {}, (_error, _args, output) => {
      text = demandPath(output);
    });
  return command === undefined
    ? { kind: 'text', text: `${text}\n` }
    : { kind: 'command', command, role };
}

/** yargs would demand a `<PATH..>` before it looks at unknown flags, and blame the wrong argument. */
function demandPath(help: string): string {
  return help
    .replace(/send \[PATH\.\.\]( +)/, 'send PATH..$1  ')
    .replace('send [PATH..]', 'send PATH..');
}

function throwUsageError(message: string | null, error: Error | undefined): never {
  if (error instanceof UsageError) throw error;
  const [line = ''] = (message ?? error?.message ?? '').split('\n');
  throw new UsageError(`${line.charAt(0).toLowerCase()}${line.slice(1)}`);
}

/** yargs gives a command no operand that is a single dash; here it gets through. */
function operand(argument: string, index: number, argv: readonly string[]): string {
  const isValue = ['-o', '--out'].includes(argv[index - 1] ?? '');
  return argument === '-' && !isValue ? STDIN_OPERAND : argument;
}

/** yargs gives a command no operands from behind `--`; a file named `-x` is also `./-x`. */
function withoutDoubleDash(argv: readonly string[]): string[] {
  const dash = argv.indexOf('--');
  if (dash < 0) return [...argv];
  const operands = argv.slice(dash + 1);
  return [
    ...argv.slice(0, dash),
    ...operands.map((operand) => (operand.startsWith('-') ? `./${operand}` : operand)),
  ];
}
