// Runs programs and follows the JSON lines on their standard output.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const HOOK = pathToFileURL(join(import.meta.dirname, 'usage-hook.mjs')).href;

export class Program {
  #child;
  #lines;
  #exited;
  #complaints = '';
  #usage;

  /**
   * A Node program, or another `command`; `namespace` is the network namespace it runs in, `isTold`
   * whether it is going to be told anything: some take an open input for something else. `isMeasured`:
   * whether `usage` will be asked of a Node program.
   */
  constructor(args, options = {}) {
    const { env = {}, command = process.execPath, namespace } = options;
    const { isTold = false, isMeasured = false } = options;
    const all = [command, ...(isMeasured ? ['--import', HOOK] : []), ...args];
    const [first, ...rest] =
      namespace === undefined ? all : ['ip', 'netns', 'exec', namespace, ...all];
    this.#child = spawn(first, rest, {
      stdio: [isTold ? 'pipe' : 'ignore', 'pipe', 'pipe', ...(isMeasured ? ['pipe'] : [])],
      // What the user has set for good would be measured as well.
      env: { ...process.env, P2PSHARE_CONFIG: devNull, ...env },
    });
    this.#child.stderr.on('data', (text) => {
      this.#complaints += text;
    });
    this.#exited = once(this.#child, 'exit');
    if (isMeasured) this.#usage = json(this.#child.stdio[3]);
    // Of one that is killed, or whose usage nobody asks for.
    this.#usage?.catch(() => undefined);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** What it was started with. */
  get #commandLine() {
    return this.#child.spawnargs.slice(1).join(' ');
  }

  get pid() {
    return this.#child.pid;
  }

  /** Writes a JSON line to its input. */
  say(line) {
    this.#child.stdin.write(`${JSON.stringify(line)}\n`);
  }

  /** The next line for which `wanted` is true; fails when the program ends before. */
  async line(wanted) {
    let before = '';
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) {
        const said = [before, this.#complaints].filter((each) => each !== '').join('; ');
        throw new Error(`${this.#commandLine} ended early: ${said}`);
      }
      before = value;
      const line = parsed(value);
      if (line !== undefined && wanted(line)) return line;
    }
  }

  /** Waits until it has complained in these words. */
  async complaint(words) {
    while (!words.test(this.#complaints)) await once(this.#child.stderr, 'data');
  }

  /** Waits for any line. */
  async spoken() {
    await this.#lines.next();
  }

  /** All that is left of the output, once the program has ended well. */
  async rest() {
    const all = [];
    for (let next = await this.#lines.next(); !next.done; next = await this.#lines.next()) {
      all.push(next.value);
    }
    await this.success();
    return all.join('\n');
  }

  async success() {
    const [code] = await this.#exited;
    if (code !== 0) throw new Error(`${this.#commandLine} ended with ${code}: ${this.#complaints}`);
  }

  /** Seconds of processor time, and the largest resident size in MiB, until its end. */
  async usage() {
    return await this.#usage;
  }

  end() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill();
    return this.#exited;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Other programs say other things as well.
  }
}
