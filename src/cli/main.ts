import { createRequire } from 'node:module';
import process from 'node:process';
import { display } from '../protocol/display.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { parseCommandLine } from './command-line.ts';
import { exitCodeOf } from './exit-code.ts';
import { watchInterruption } from './interruption.ts';
import { jsonErrorLine } from './json-events.ts';
import type { Library } from './library.ts';
import { messageFor } from './messages.ts';
import type { Role } from './role.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/** Columns for what the system or the library said about a failure. */
const CAUSE_COLUMNS = 400;

/** Runs one command line; yields the exit code. */
export async function run(
  argv: readonly string[],
  terminal: Terminal,
  library: Library,
): Promise<number> {
  const interruption = watchInterruption(terminal);
  let role: Role | undefined;
  try {
    const { version } = packageDescription();
    const parsed = parseCommandLine(argv, { version, columns: terminal.stdout.columns });
    if (parsed.kind === 'text') terminal.stdout.write(parsed.text);
    else {
      role = parsed.role;
      await parsed.command({ terminal, library, signal: interruption.signal });
    }
    return 0;
  } catch (error) {
    if (interruption.exitCode !== undefined) {
      // A transfer ends with an error event; a server that is stopped has not failed.
      if (error instanceof P2PShareError) reportJson(error, { argv, terminal, role });
      terminal.stderr.write('p2pshare: interrupted\n');
      // What has come stays: whoever goes on has to know how.
      if (error instanceof P2PShareError && error.ticket !== undefined) {
        terminal.stderr.write(`p2pshare: hint: ${messageFor(error, role).hint}\n`);
      }
      return interruption.exitCode;
    }
    reportError(error, { argv, terminal, role });
    return exitCodeOf(error);
  } finally {
    interruption.stopWatching();
  }
}

/** Runs the command line of this process. */
export async function main(): Promise<number> {
  return run(process.argv.slice(2), processTerminal(), await import('../index.ts'));
}

/** Where an error is told, and to whom. */
interface Telling {
  readonly argv: readonly string[];
  readonly terminal: Terminal;
  readonly role: Role | undefined;
}

function reportError(error: unknown, telling: Telling): void {
  const { argv, terminal, role } = telling;
  const { text, hint } = messageFor(error, role);
  reportJson(error, telling);
  terminal.stderr.write(`p2pshare: error: ${text}\n`);
  if (isGiven(argv, '-v', '--verbose')) {
    // What is wrong with a command line is its own cause.
    const lines = causes(error).filter((line) => line !== text);
    for (const line of lines) terminal.stderr.write(`p2pshare: cause: ${line}\n`);
  }
  terminal.stderr.write(`p2pshare: hint: ${hint}\n`);
}

function reportJson(error: unknown, { argv, terminal, role }: Telling): void {
  if (isGiven(argv, '--json')) terminal.stdout.write(jsonErrorLine(error, role));
}

/** The arguments may be what is wrong, so they are not parsed to find out how to say so. */
function isGiven(argv: readonly string[], ...flags: readonly string[]): boolean {
  return argv.some((argument) => flags.includes(argument));
}

/** What the error and its causes say; peers and file names may be quoted in it. */
function causes(error: unknown): string[] {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error && lines.length < 8; cause = cause.cause) {
    lines.push(display(cause.message, CAUSE_COLUMNS));
  }
  return lines;
}

function packageDescription(): { readonly version: string } {
  return createRequire(import.meta.url)('../../package.json') as { version: string };
}
