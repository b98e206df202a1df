import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { CLI } from './build.ts';
import { trackChild } from './lab-namespaces.ts';

const PATIENCE_MS = 20_000;
/** How programs go back to the first column: a carriage return, and CHA (ECMA-48, 8.3.9). */
const TO_LINE_START = ['\r', '\u001b[1G', '\u001b[G'];

/** Why there are no pseudo-terminals for tests here, if there are none. */
export function whyNoTerminal(): string | undefined {
  const { stdout, status } = spawnSync('script', ['--version'], { encoding: 'utf8' });
  if (status === 0 && stdout.includes('util-linux')) return undefined;
  return 'there is no script(1) of util-linux to make pseudo-terminals with';
}

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly columns?: number;
  /** Another program of Node's than `p2pshare`. */
  readonly program?: string;
}

/** `p2pshare` on a terminal of its own, with somebody who reads and types. */
export class PseudoTerminal {
  readonly #child: ChildProcessWithoutNullStreams;
  #raw = '';
  readonly #ended: Promise<unknown>;

  constructor(
    args: readonly string[],
    { env = {}, cwd, columns = 100, program = CLI }: TerminalOptions = {},
  ) {
    const command = [process.execPath, program, ...args].map(quoted).join(' ');
    const { PATH, HOME } = process.env;
    this.#child = spawn(
      'script',
      ['-qefc', `stty cols ${columns} rows 30; exec ${command}`, '/dev/null'],
      {
        stdio: 'pipe',
        env: { PATH, HOME, TERM: 'xterm', SHELL: '/bin/sh', P2PSHARE_CONFIG: '/dev/null', ...env },
        ...(cwd !== undefined && { cwd }),
      },
    );
    trackChild(this.#child);
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#raw += text;
    });
    this.#ended = once(this.#child, 'close');
  }

  /** Everything that was written, with what moves the cursor. */
  get raw(): string {
    return this.#raw;
  }

  /** The same as text, with a line for each time that one was begun or begun anew. */
  get text(): string {
    const begun = (text: string, control: string) => text.replaceAll(control, '\n');
    return stripVTControlCharacters(TO_LINE_START.reduce(begun, this.#raw));
  }

  /** Waits until something has been shown. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = pattern.exec(this.text);
      if (found !== null) return found;
      const isOver = this.#child.exitCode !== null;
      if (isOver || signal.aborted) throw new Error(`${pattern} is not shown in: ${this.text}`);
      const news = once(this.#child.stdout, 'data', { signal }).catch(() => undefined);
      await Promise.race([news, this.#ended]);
    }
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  async exitCode(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
