import type { EndSignal, Terminal } from './terminal.ts';

/** 128 + the number of the signal, as a shell reports it. SIGPIPE: nobody reads stdout any more. */
const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;

/** That nobody reads stdout any more: a pipe, a socket, and what has ended of either. */
const NO_READER: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

/** Whether the run is to end early, and with which exit code. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** `undefined` as long as nothing interrupted the run. */
  readonly exitCode: number | undefined;
  /** Why standard output could not be written; that nobody reads it any more is no such reason. */
  readonly outputError: Error | undefined;
  stopWatching(): void;
}

/** Watches for signals and for the reader of stdout going away. */
export function watchInterruption(terminal: Terminal): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  let outputError: Error | undefined;
  const interrupt = (signal: EndSignal | 'SIGPIPE') => {
    exitCode ??= SIGNAL_EXIT_CODES[signal];
    controller.abort();
  };
  const stopSignals = terminal.onSignal(interrupt);
  terminal.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!NO_READER.has(error.code ?? '')) outputError ??= error;
    interrupt('SIGPIPE');
  });
  // A lost stderr loses words, not the transfer: a closed terminal also sends SIGHUP.
  terminal.stderr.on('error', () => undefined);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    get outputError() {
      return outputError;
    },
    // The error listeners stay: a late EPIPE must not end the process with a stack trace.
    stopWatching: stopSignals,
  };
}
