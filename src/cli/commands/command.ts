import type { Library } from '../library.ts';
import type { Manual } from '../settings/manual.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Role } from '../words/role.ts';

/** What a command is given to run with. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Loaded when it is asked for: help, settings and completion do without. */
  readonly library: () => Promise<Library>;
  /** Aborted when the run is interrupted. */
  readonly signal: AbortSignal;
  /** The pages about all commands. */
  readonly manuals: readonly Manual[];
}

/** A command of `p2pshare`: the page about it, and what it does. It fails by throwing. */
export interface Command {
  readonly manual: Manual;
  /** Which side of a transfer it makes of this process, for the words of errors. */
  readonly role?: Role;
  run(args: unknown, context: CommandContext): Promise<void>;
}

/** A command whose arguments have been read by its manual, which says what `Arguments` are. */
export function command<Arguments>(
  manual: Manual,
  run: (args: Arguments, context: CommandContext) => Promise<void>,
  role?: Role,
): Command {
  return {
    manual,
    ...(role && { role }),
    run: (args, context) => run(args as Arguments, context),
  };
}
