import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { BenchEvent } from '../../../src/cli/report/json-events.ts';
import type { Diagnosis } from '../../../src/client/api/diagnosis.ts';
import type { ErrorEvent, TransferEvent } from '../../../src/client/api/events.ts';
import { requireEvent } from '../../support/event-schema.ts';
import { CLI } from './build.ts';
import type { Lab } from './lab.ts';
import { trackChild } from './lab-namespaces.ts';
import type { HostName } from './lab-topology.ts';

/** Any line of `--json`. */
export type ProgramEvent =
  | { readonly event: 'start'; readonly schema: number; readonly version: string }
  | Exclude<TransferEvent, ErrorEvent>
  | (ErrorEvent & { readonly hint: string })
  | ({ readonly event: 'diagnosis' } & Diagnosis)
  | BenchEvent
  | { readonly event: 'ready'; readonly endpoints: readonly string[] }
  | { readonly event: 'closed'; readonly stats: Readonly<Record<string, number>> };

type Kind = ProgramEvent['event'];
export type EventOf<K extends Kind> = Extract<ProgramEvent, { event: K }>;

export interface ProgramOptions {
  /** A host of a lab to run on; this machine without one. */
  readonly on?: { readonly lab: Lab; readonly host: HostName };
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Another Node, and another `bin/p2pshare.js` than the one that is built here. */
  readonly execPath?: string;
  readonly cli?: string;
  /** What is piped into it; nothing without. */
  readonly input?: Readable;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Longest wait for an event or an exit; whoever expects more says so. */
const PATIENCE_MS = 20_000;

/** Nothing of what this machine or its user has set may matter. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, P2PSHARE_CONFIG: '/dev/null' };
}

/** A running `p2pshare`, followed by its events. */
export class Program {
  readonly #child: ChildProcess;
  readonly #startedAt = performance.now();
  readonly #seen: { readonly event: ProgramEvent; readonly atMs: number }[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #name: string;
  #exit: Exit | undefined;
  #stdout = '';
  #stderr = '';

  /** `args` begin with the command; `--json` is among them if events are to be followed. */
  constructor(
    args: readonly string[],
    { on, env = {}, cwd, input, execPath = process.execPath, cli = CLI }: ProgramOptions = {},
  ) {
    const options: SpawnOptions = {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...ownEnvironment(), ...env },
      ...(cwd === undefined ? {} : { cwd }),
    };
    this.#name = `p2pshare ${args[0]}`;
    this.#child = on
      ? on.lab.run(on.host, execPath, [cli, ...args], options)
      : spawn(execPath, [cli, ...args], options);
    const { stdin } = this.#child;
    // It may end before it has read everything.
    stdin?.on('error', () => undefined);
    if (stdin) input?.pipe(stdin);
    trackChild(this.#child);
    this.#follow();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** What has happened so far. */
  get events(): readonly ProgramEvent[] {
    return this.#seen.map(({ event }) => event);
  }

  all<K extends Kind>(kind: K): EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.event === kind);
  }

  /** Milliseconds from the start of the process to the first such event. */
  msTo(kind: Kind, matches: (event: ProgramEvent) => boolean = () => true): number | undefined {
    return this.#seen.find(({ event }) => event.event === kind && matches(event))?.atMs;
  }

  /** One line for each event but progress, with its time; for people who look into a failure. */
  get timeline(): string {
    return this.#seen
      .filter(({ event }) => event.event !== 'progress')
      .map(({ event, atMs }) => `${atMs.toFixed(0).padStart(6)} ms  ${JSON.stringify(event)}`)
      .join('\n');
  }

  /** The first event of a kind, also one that has come already. Rejects when the program ends. */
  async event<K extends Kind>(
    kind: K,
    matches: (event: EventOf<K>) => boolean = () => true,
    patienceMs: number = PATIENCE_MS,
  ): Promise<EventOf<K>> {
    const found = () => this.all(kind).find(matches);
    const isOver = () => found() !== undefined || this.#exit !== undefined;
    await this.#until(isOver, kind, patienceMs);
    const event = found();
    if (event === undefined) throw this.#failure(`ended without ${kind}`);
    return event;
  }

  /** Waits for an event, or for the end. */
  async reach(matches: (event: ProgramEvent) => boolean): Promise<void> {
    const isThere = () => this.#exit !== undefined || this.events.some(matches);
    await this.#until(isThere, 'such event', PATIENCE_MS);
  }

  /** All of stdout, once it looks like this. */
  async printed(pattern: RegExp): Promise<string> {
    const looksSo = () => pattern.test(this.#stdout);
    await this.#until(() => looksSo() || this.#exit !== undefined, String(pattern), PATIENCE_MS);
    if (!looksSo()) throw this.#failure(`ended without ${pattern}`);
    return this.#stdout;
  }

  /** How it ended, after everything it printed has been read. */
  async exit(patienceMs: number = PATIENCE_MS): Promise<Exit> {
    await this.#until(() => this.#exit !== undefined, 'exit', patienceMs);
    return this.#exit as Exit;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it, whatever it is doing. */
  async end(): Promise<void> {
    if (this.#exit === undefined) this.signal('SIGKILL');
    await this.exit();
  }

  #follow(): void {
    const { stdout, stderr } = this.#child;
    stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.#onLine(line));
    this.#child.once('close', (code, signal) => {
      this.#exit = { code, signal };
      this.#wake();
    });
  }

  #onLine(line: string): void {
    if (!line.startsWith('{')) return;
    requireEvent(line);
    const event = JSON.parse(line) as ProgramEvent;
    this.#seen.push({ event, atMs: performance.now() - this.#startedAt });
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }

  #until(holds: () => boolean, what: string, patienceMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(this.#failure(`no ${what} within ${patienceMs} ms`));
      }, patienceMs);
      this.#waiting.add(look);
      look();
    });
  }

  #failure(what: string): Error {
    const end = this.#exit === undefined ? 'running' : JSON.stringify(this.#exit);
    return new Error(`${this.#name}: ${what} (${end})\n${this.timeline}\n${this.#stderr}`);
  }
}
