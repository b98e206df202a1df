import yargs, { type Argv } from 'yargs';
import type { Command } from './commands/command.ts';
import { STDIN_OPERAND } from './commands/flags.ts';
import { COMMANDS } from './commands.ts';
import { errorNamed, errorPage } from './errors/error-page.ts';
import { UsageError } from './errors/usage-error.ts';
import { commandPage, overviewPage, paragraphsPage } from './help/help-page.ts';
import { didYouMean } from './settings/closest.ts';
import { type Flag, flagsOf, type Manual } from './settings/manual.ts';
import type { Arguments } from './settings/settings.ts';
import { firstOperand, takesNext, withCommand } from './shorthand.ts';

/** Either a command to run, or a text that was asked for (`--help`, `--version`). */
export type CommandLine =
  | { readonly kind: 'command'; readonly command: Command; readonly args: Arguments }
  | { readonly kind: 'text'; readonly text: string };

export interface Surroundings {
  readonly version: string;
  readonly columns: number | undefined;
  /** Whether a file or folder of that name is there. */
  readonly exists: (path: string) => boolean;
}

/** Reads the arguments; throws `UsageError`. Nothing is run and nothing is printed. */
export function parseCommandLine(
  argv: readonly string[],
  { version, columns, exists }: Surroundings,
): CommandLine {
  const text = textAskedFor(argv, { version, columns });
  if (text !== undefined) return { kind: 'text', text };
  let chosen: CommandLine | undefined;
  // It looks for a version from this folder upwards, which in that of a user may take long.
  const parser = yargs([], import.meta.dirname)
    .scriptName('p2pshare')
    .locale('en')
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    });
  const choose = (command: Command, args: Arguments) => {
    chosen = { kind: 'command', command, args };
  };
  COMMANDS.reduce<Argv>((argv, command) => register(argv, command, choose), parser)
    .version(false)
    .help(false)
    .strict()
    .demandCommand(1, 'say what to do, such as send or receive')
    // `fail` must throw: a handler that returns lets the command run on bad arguments.
    .exitProcess(false)
    .fail(throwUsageError)
    .parse(withoutDoubleDash(withCommand(argv, exists)).map(operand));
  if (chosen === undefined) throw new UsageError('say what to do, such as send or receive');
  return chosen;
}

function register(
  argv: Argv,
  command: Command,
  choose: (command: Command, args: Arguments) => void,
): Argv {
  const { manual } = command;
  const { name, aliases = [], operands = [] } = manual;
  // yargs would demand an operand before it looks at unknown flags, and blame the wrong argument.
  const places = operands.map(({ name, many }) => `[${name}${many ? '..' : ''}]`);
  return argv.command(
    [[name, ...places].join(' '), ...aliases],
    manual.summary,
    (parser) =>
      operands
        .reduce(
          (parser, { name, many = false }) =>
            parser.positional(name, { type: 'string', array: many, hidden: true }),
          parser,
        )
        .options(optionsOf(manual)),
    (args) => choose(command, args),
  );
}

function optionsOf(manual: Manual) {
  const option = ({ type, alias, array, choices }: Flag) => ({
    type,
    // yargs renders its own help before each command, which nobody sees: 20 ms for all the flags.
    hidden: true,
    ...(alias && { alias }),
    ...(array && { array }),
    ...(choices && { choices }),
    ...(type === 'string' && { requiresArg: true }),
  });
  const flags = Object.entries(flagsOf(manual));
  return Object.fromEntries(flags.map(([name, flag]) => [name, option(flag)]));
}

/** The text that is asked for instead of doing anything. */
function textAskedFor(
  argv: readonly string[],
  { version, columns }: Omit<Surroundings, 'exists'>,
): string | undefined {
  const dash = argv.indexOf('--');
  const flags = dash < 0 ? argv : argv.slice(0, dash);
  const at = firstOperand(flags);
  const first = at === undefined ? undefined : flags[at];
  if (flags.includes('--version')) return `${version}\n`;
  const isVerb = first === 'help';
  if (!(isVerb || flags.includes('--help') || flags.includes('-h'))) return undefined;
  const manuals = COMMANDS.map(({ manual }) => manual);
  const topic = isVerb ? flags[(at ?? 0) + 1] : first;
  if (topic === undefined || topic.startsWith('-')) return overviewPage(manuals, columns);
  const manual = manuals.find(({ name, aliases = [] }) => [name, ...aliases].includes(topic));
  if (manual !== undefined) return commandPage(manual, columns);
  const error = errorNamed(topic);
  if (error !== undefined) return paragraphsPage(errorPage(error), columns);
  if (!isVerb) return overviewPage(manuals, columns);
  const names = manuals.map(({ name }) => name);
  const hint = didYouMean(topic, names, 'p2pshare --help shows what there is');
  throw new UsageError(`there is no command ${topic}`, hint);
}

function throwUsageError(message: string | null, error: Error | undefined): never {
  if (error instanceof UsageError) throw error;
  const [line = ''] = (message ?? error?.message ?? '').split('\n');
  throw new UsageError(`${line.charAt(0).toLowerCase()}${line.slice(1)}`);
}

/** yargs gives a command no operand that is a single dash; here it gets through. */
function operand(argument: string, index: number, argv: readonly string[]): string {
  const isValue = takesNext(argv[index - 1] ?? '');
  return argument === '-' && !isValue ? STDIN_OPERAND : argument;
}

/**
 * yargs gives a command no operands from behind `--`; a file named `-x` is also `./-x`. A single dash
 * is no flag, and means what it means before (POSIX, utility syntax guidelines 10 and 13).
 */
function withoutDoubleDash(argv: readonly string[]): string[] {
  const dash = argv.indexOf('--');
  if (dash < 0) return [...argv];
  const operands = argv.slice(dash + 1);
  return [
    ...argv.slice(0, dash),
    ...operands.map((operand) => (/^-./.test(operand) ? `./${operand}` : operand)),
  ];
}
