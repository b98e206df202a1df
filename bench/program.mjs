// Runs a Node program and follows the JSON lines on its standard output.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';

export class Program {
  #child;
  #lines;
  #exited;
  #complaints = '';

  constructor(args, env = {}) {
    this.#child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child.stderr.on('data', (text) => {
      this.#complaints += text;
    });
    this.#exited = once(this.#child, 'exit');
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  get pid() {
    return this.#child.pid;
  }

  /** The next line for which `wanted` is true; fails when the program ends before. */
  async line(wanted) {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done)
        throw new Error(
          `${this.#child.spawnargs.slice(1).join(' ')} ended early: ${this.#complaints}`,
        );
      const line = JSON.parse(value);
      if (wanted(line)) return line;
    }
  }

  async success() {
    const [code] = await this.#exited;
    if (code !== 0)
      throw new Error(`${this.#child.spawnargs[1]} ended with ${code}: ${this.#complaints}`);
  }

  end() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill();
    return this.#exited;
  }
}
