import { readFile } from 'node:fs/promises';
import type { StateFolder } from './state-folder.ts';

/**
 * A name in a state folder that belongs to one living process at a time. It is given back by that
 * process, or falls to the next one that asks when the process is gone, however it ended.
 */
export class ProcessLock {
  readonly #folder: StateFolder;
  readonly #name: string;

  private constructor(folder: StateFolder, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  /** Takes the name; `undefined` when a process that lives has it, this one included. */
  static async take(folder: StateFolder, name: string): Promise<ProcessLock | undefined> {
    const own = utf8(await ownName());
    const isOurs =
      (await folder.create(name, own)) ||
      (!(await ProcessLock.isTaken(folder, name)) && (await inherit(folder, name, own)));
    return isOurs ? new ProcessLock(folder, name) : undefined;
  }

  /** Whether a living process has the name. */
  static async isTaken(folder: StateFolder, name: string): Promise<boolean> {
    const holder = await holderOf(folder, name);
    return holder !== undefined && (await lives(holder));
  }

  async release(): Promise<void> {
    await this.#folder.remove(this.#name);
  }
}

/** Takes over from a process that is gone. One at a time: else somebody removes what another has just made. */
async function inherit(folder: StateFolder, name: string, own: Uint8Array): Promise<boolean> {
  const turn = `${name}.turn`;
  if (!(await folder.create(turn, own))) {
    // Killed in the middle of this: whoever comes next finds it gone.
    if (!(await ProcessLock.isTaken(folder, turn))) await folder.remove(turn);
    return false;
  }
  try {
    if (await ProcessLock.isTaken(folder, name)) return false;
    await folder.remove(name);
    return await folder.create(name, own);
  } finally {
    await folder.remove(turn);
  }
}

async function ownName(): Promise<string> {
  const own = await nameOf(process.pid);
  if (own === undefined) throw new Error('unreachable: this process does not live');
  return own;
}

async function holderOf(folder: StateFolder, name: string): Promise<string | undefined> {
  const read = await folder.read(name);
  return read.kind === 'bytes' ? new TextDecoder().decode(read.bytes) : undefined;
}

async function lives(holder: string): Promise<boolean> {
  const pid = Number(/^([1-9]\d{0,9}) /.exec(holder)?.[1]);
  return Number.isInteger(pid) && (await nameOf(pid)) === holder;
}

/** What tells a process from every other one that has its number before or after it. */
async function nameOf(pid: number): Promise<string | undefined> {
  const boot = await bootId();
  if (boot === undefined) return isThere(pid) ? `${pid} ` : undefined;
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // proc(5): behind the name, which may hold anything, state is the 3rd field and start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startedAt] = [fields[0], fields[19]];
    return state === 'Z' || state === 'X' ? undefined : `${pid} ${boot} ${startedAt}`;
  } catch {
    return undefined;
  }
}

/** `undefined` where it is not to be had: on other systems, without /proc, and for apps of Android. */
async function bootId(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => undefined);
  return id?.trim();
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and another user's.
    return (error as { code?: unknown }).code === 'EPERM';
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
