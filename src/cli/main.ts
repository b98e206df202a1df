import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { display } from '../protocol/display.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { type CommandLine, parseCommandLine } from './command-line.ts';
import { COMMANDS } from './commands.ts';
import { causeChain } from './errors/cause-chain.ts';
import { exitCodeOf } from './errors/exit-code.ts';
import { messageFor } from './errors/messages.ts';
import type { Library } from './library.ts';
import { jsonErrorLine, jsonLine, SCHEMA_VERSION } from './report/json-events.ts';
import { configPath, readConfig } from './settings/config-file.ts';
import {
  type Arguments,
  configKeys,
  hasSettings,
  mistypedVariables,
  settle,
  unknownKeys,
} from './settings/settings.ts';
import { restartForAddresses } from './terminal/address-space.ts';
import { type Interruption, watchInterruption } from './terminal/interruption.ts';
import { type Output, processTerminal, type Terminal } from './terminal/terminal.ts';
import type { Role } from './words/role.ts';

/** Columns for what the system or the library said about a failure. */
const CAUSE_COLUMNS = 400;

const MANUALS = COMMANDS.map(({ manual }) => manual);

/** Runs one command line, with the library if it needs that; yields the exit code. */
export async function run(
  argv: readonly string[],
  terminal: Terminal,
  library: () => Promise<Library>,
): Promise<number> {
  const interruption = watchInterruption(terminal);
  const telling: Telling = {
    terminal,
    // The arguments may be what is wrong, so that this does not wait for their being read.
    json: isGiven(argv, '--json'),
    verbose: isGiven(argv, '-v', '--verbose'),
  };
  try {
    const { version } = packageDescription();
    const { columns } = terminal.stdout;
    const parsed = parseCommandLine(argv, { version, columns, exists: existsSync });
    if (parsed.kind === 'text') terminal.stdout.write(parsed.text);
    else {
      const { command } = parsed;
      telling.role = command.role;
      const args = await settled(parsed, terminal);
      telling.json = args.json === true;
      telling.verbose = args.verbose === true;
      if (telling.json) {
        terminal.stdout.write(jsonLine({ event: 'start', schema: SCHEMA_VERSION, version }));
      }
      await command.run(args, { terminal, library, signal: interruption.signal, manuals: MANUALS });
    }
    await flushed(terminal.stdout);
    if (interruption.outputError !== undefined) throw interruption.outputError;
    return 0;
  } catch (error) {
    return reportEnd(error, interruption, telling);
  } finally {
    interruption.stopWatching();
  }
}

/** Runs the command line of this process. */
export async function main(): Promise<number> {
  await restartForAddresses();
  return run(process.argv.slice(2), processTerminal(), () => import('../index.ts'));
}

/** The arguments with what the environment and the configuration file add to them. */
async function settled(
  { command: { manual }, args }: Extract<CommandLine, { kind: 'command' }>,
  { env, stderr }: Terminal,
): Promise<Arguments> {
  if (!hasSettings(manual)) return args;
  const path = configPath(env);
  const file = path === undefined ? undefined : await readConfig(path);
  const all = settle(args, manual, { env, file });
  if (all.quiet === true) return all;
  const known = Object.keys(configKeys(MANUALS));
  const unknown = file === undefined ? [] : unknownKeys(file, known);
  for (const line of [...mistypedVariables(env, known), ...unknown]) {
    stderr.write(`p2pshare: warning: ${display(line, CAUSE_COLUMNS)}\n`);
  }
  return all;
}

/** Resolves when all of it has been written, or cannot be. */
function flushed(output: Output): Promise<void> {
  return new Promise((resolve) => {
    // Where there is no room, writing nothing fails as well: it is not tried without need. What
    // has failed is told a moment later.
    if (output.writableLength === 0) setImmediate(resolve);
    else output.write('', () => resolve());
  });
}

/** Where an error is told, and to whom. */
interface Telling {
  readonly terminal: Terminal;
  json: boolean;
  verbose: boolean;
  role?: Role | undefined;
}

/** Says why it ended; yields the exit code. */
function reportEnd(error: unknown, interruption: Interruption, telling: Telling): number {
  const { exitCode, outputError: cause } = interruption;
  // What has come stays: whoever goes on has to know how.
  const ticket = error instanceof P2PShareError ? error.ticket : undefined;
  if (cause !== undefined || exitCode === undefined) {
    const kept = ticket === undefined ? {} : { ticket };
    const failure =
      cause === undefined
        ? error
        : new P2PShareError('P2P_LOCAL_IO', 'standard output', { cause, ...kept });
    reportError(failure, telling);
    return exitCodeOf(failure);
  }
  // A transfer ends with an error event; a server that is stopped has not failed.
  if (error instanceof P2PShareError) reportJson(error, telling);
  const { stderr } = telling.terminal;
  stderr.write('p2pshare: interrupted\n');
  if (ticket !== undefined) {
    stderr.write(`p2pshare: hint: ${messageFor(error, telling.role).hint}\n`);
  }
  return exitCode;
}

function reportError(error: unknown, telling: Telling): void {
  const { terminal, role } = telling;
  const { text, hint } = messageFor(error, role);
  reportJson(error, telling);
  terminal.stderr.write(`p2pshare: error: ${text}\n`);
  if (telling.verbose) {
    // What is wrong with a command line is its own cause.
    const lines = causes(error).filter((line) => line !== text);
    for (const line of lines) terminal.stderr.write(`p2pshare: cause: ${line}\n`);
  }
  terminal.stderr.write(`p2pshare: hint: ${hint}\n`);
}

function reportJson(error: unknown, { terminal, json, role }: Telling): void {
  if (json) terminal.stdout.write(jsonErrorLine(error, role));
}

function isGiven(argv: readonly string[], ...flags: readonly string[]): boolean {
  return argv.some((argument) => flags.includes(argument));
}

/** What the error and its causes say; peers and file names may be quoted in it. */
function causes(error: unknown): string[] {
  return causeChain(error).map(({ message }) => display(message, CAUSE_COLUMNS));
}

function packageDescription(): { readonly version: string } {
  return createRequire(import.meta.url)('../../package.json') as { version: string };
}
