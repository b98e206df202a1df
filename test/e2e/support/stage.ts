import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { promisify } from 'node:util';
import { CLI } from './build.ts';
import { ownEnvironment, Program, type ProgramOptions } from './program.ts';
import { Wiretap } from './wiretap.ts';

export interface Sending extends ProgramOptions {
  /** The server's endpoint; none, and nothing but the local network is tried. */
  readonly server?: string;
  readonly flags?: readonly string[];
}

export interface Serving extends ProgramOptions {
  readonly listen?: string | readonly string[];
  readonly flags?: readonly string[];
}

export interface Receiving extends Sending {
  readonly out: string;
}

/** A script that takes longer hangs. */
const SHELL_MS = 50_000;

/** The programs and folders of a test. `clear` ends and removes them, however the test went. */
export class Stage {
  readonly #programs: Program[] = [];
  readonly #folders: string[] = [];
  readonly #taps: Wiretap[] = [];
  #state: string | undefined;

  start(args: readonly string[], options: ProgramOptions = {}): Program {
    const env = { XDG_STATE_HOME: this.#stateHome(), ...options.env };
    const program = new Program(args, { ...options, env });
    this.#programs.push(program);
    return program;
  }

  /** Has a shell run a script, in which `"$0" "$1"` is p2pshare and `args` come behind. */
  async shell(script: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
    const env = { ...ownEnvironment(), XDG_STATE_HOME: this.#stateHome() };
    return await promisify(execFile)('sh', ['-c', script, execPath, CLI, ...args], {
      env,
      timeout: SHELL_MS,
    });
  }

  /** A server on a port of the system's choice, once it is ready. */
  async server(options: Serving = {}): Promise<Server> {
    const { listen = '127.0.0.1:0', flags = [] } = options;
    const listeners = [listen].flat().flatMap((it) => ['--listen', it]);
    const program = this.start(['server', '--json', ...listeners, ...flags], options);
    const { endpoints } = await program.event('ready');
    return { program, endpoint: endpoints[0] as string };
  }

  send(paths: string | readonly string[], options: Sending = {}): Program {
    return this.start(['send', '--json', ...where(options), ...[paths].flat()], options);
  }

  receive(code: string, options: Receiving): Program {
    const out = ['--out', options.out];
    return this.start(['receive', '--json', '--yes', ...out, ...where(options), code], options);
  }

  /** Somebody who listens between clients and a server. */
  async wiretap({ endpoint }: Server): Promise<Wiretap> {
    const tap = await Wiretap.listen(endpoint);
    this.#taps.push(tap);
    return tap;
  }

  /** A new empty folder. */
  async folder(parent: string = tmpdir()): Promise<string> {
    const folder = await mkdtemp(join(parent, 'p2pshare-e2e-'));
    this.#folders.push(folder);
    return folder;
  }

  /** What programs keep for another time, they keep for others of the same test. */
  #stateHome(): string {
    if (this.#state === undefined) {
      this.#state = mkdtempSync(join(tmpdir(), 'p2pshare-e2e-state-'));
      this.#folders.push(this.#state);
    }
    return this.#state;
  }

  async clear(): Promise<void> {
    await Promise.all(this.#programs.splice(0).map((program) => program.end()));
    for (const tap of this.#taps.splice(0)) tap.close();
    const folders = this.#folders.splice(0);
    // Programs of the next test would make it again, and nobody would remove it.
    this.#state = undefined;
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

export interface Server {
  readonly program: Program;
  readonly endpoint: string;
}

/** Everything in a folder, hidden staging folders included. */
export async function contents(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}

/** What is under its final name in a folder: all but what a transfer that can go on has left. */
export async function finalContents(folder: string): Promise<string[]> {
  const left = await contents(folder);
  return left.filter((name) => !/^\.p2pshare-[0-9a-f]{8}$/.test(name));
}

function where({ server, flags = [] }: Sending): string[] {
  // Test files run side by side: they must not find each other over the machine's own network.
  return server === undefined ? [...flags] : ['--no-lan', '--server', server, ...flags];
}
