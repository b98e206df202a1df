import { PassThrough, Writable } from 'node:stream';
import type {
  EndSignal,
  Environment,
  Output,
  Terminal,
} from '../../../src/cli/terminal/terminal.ts';

export interface FakeTerminal extends Terminal {
  readonly written: { stdout: string; stderr: string };
  sendSignal(signal: EndSignal): void;
  /** From now on stdout is a pipe that nobody reads. */
  hangUp(): void;
}

export interface FakeTerminalOptions {
  readonly tty?: boolean;
  readonly columns?: number;
  readonly env?: Environment;
  readonly typed?: readonly string[];
  /** Whether the person still sits there and types nothing more; otherwise the input ends. */
  readonly waits?: boolean;
}

export function fakeTerminal(options: FakeTerminalOptions = {}): FakeTerminal {
  const { tty = false, columns = 80, env = {}, typed = [], waits = false } = options;
  const written = { stdout: '', stderr: '' };
  const listeners = new Set<(signal: EndSignal) => void>();
  const stdin = Object.assign(new PassThrough(), { isTTY: tty });
  for (const line of typed) stdin.write(`${line}\n`);
  if (!waits) stdin.end();
  const output = (name: 'stdout' | 'stderr'): Output & Writable => {
    const stream = new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        written[name] += chunk;
        done();
      },
    });
    return Object.assign(stream, tty ? ttyMethods(stream, columns) : {});
  };
  const stdout = output('stdout');
  return {
    stdin,
    stdout,
    stderr: output('stderr'),
    env,
    written,
    onSignal: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    sendSignal: (signal) => {
      for (const listener of listeners) listener(signal);
    },
    interrupt: () => {
      for (const listener of listeners) listener('SIGINT');
    },
    hangUp: () => {
      stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    },
  };
}

/** The part of `tty.WriteStream` that spinners use. */
function ttyMethods(stream: Writable, columns: number) {
  return {
    isTTY: true,
    columns,
    cursorTo: (x: number) => stream.write(`\x1b[${x + 1}G`),
    clearLine: () => stream.write('\x1b[K'),
    moveCursor: () => true,
  };
}
