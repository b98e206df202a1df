import type { Library } from '../library.ts';
import type { Terminal } from '../terminal.ts';

/** What a command is given to run with. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly library: Library;
  /** Aborted when the run is interrupted. */
  readonly signal: AbortSignal;
}

/** A command whose arguments have been read. It fails by throwing. */
export type Command = (context: CommandContext) => Promise<void>;
