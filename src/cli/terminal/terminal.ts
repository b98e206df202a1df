import process from 'node:process';
import { outlivesTerminal } from './hangup.ts';

/** What the command line may touch of the world outside. Tests bring their own. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  /** Calls `listener` at the first signal that asks the process to end; yields how to stop that. */
  onSignal(listener: (signal: EndSignal) => void): () => void;
  /** Does to this process what Ctrl-C does where the system reads the keys. */
  interrupt(): void;
}

/** The environment variables that mean something here, beside `P2PSHARE_…` for each flag (settings.ts). */
export interface Environment {
  readonly P2PSHARE_CONFIG?: string | undefined;
  readonly XDG_CONFIG_HOME?: string | undefined;
  readonly XDG_STATE_HOME?: string | undefined;
  readonly HOME?: string | undefined;
  readonly USERPROFILE?: string | undefined;
  readonly APPDATA?: string | undefined;
  readonly LOCALAPPDATA?: string | undefined;
  readonly NO_COLOR?: string | undefined;
  readonly TERM?: string | undefined;
  readonly WAYLAND_DISPLAY?: string | undefined;
  readonly DISPLAY?: string | undefined;
  readonly VISUAL?: string | undefined;
  readonly EDITOR?: string | undefined;
}

/** `columns` is missing where the stream is no terminal. */
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Bytes that wait to be written. */
  readonly writableLength?: number;
};

export const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type EndSignal = (typeof END_SIGNALS)[number];

/** Whether somebody is there to answer: both ends of the conversation are a terminal. */
export function isInteractive(terminal: Terminal): boolean {
  return terminal.stdin.isTTY === true && terminal.stderr.isTTY === true;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const isLasting = outlivesTerminal(process.env);
  // What is listened for does not end us.
  if (isLasting) process.on('SIGHUP', () => undefined);
  const signals = END_SIGNALS.filter((signal) => signal !== 'SIGHUP' || !isLasting);
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    onSignal: (listener) => onProcessSignal(listener, signals),
    interrupt: () => process.kill(process.pid, 'SIGINT'),
  };
}

function onProcessSignal(
  listener: (signal: EndSignal) => void,
  signals: readonly EndSignal[],
): () => void {
  const stop = () => {
    for (const signal of signals) process.removeListener(signal, first);
  };
  // The listeners go at the first signal, so the second has its usual effect: it ends the process.
  const first = (signal: EndSignal) => {
    stop();
    listener(signal);
  };
  for (const signal of signals) process.on(signal, first);
  return stop;
}
