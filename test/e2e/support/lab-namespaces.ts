import { type ChildProcess, execFileSync } from 'node:child_process';

/** Namespaces and processes of this process's labs, and what ends them whatever happens. */
const names = new Set<string>();
const children = new Set<ChildProcess>();
let labs = 0;
let watching = false;

/** A prefix for the namespaces of one lab: it tells who made them, and whether that one still lives. */
export function newPrefix(): string {
  labs += 1;
  cleanUpWhenEnding();
  return `p2p${process.pid}-${labs}-`;
}

export function trackNamespace(name: string): void {
  names.add(name);
}

/** Processes that are still running when this process ends are ended with it. */
export function trackChild(child: ChildProcess): void {
  cleanUpWhenEnding();
  children.add(child);
  child.once('exit', () => children.delete(child));
}

export function deleteNamespace(name: string): void {
  if (!names.delete(name)) return;
  try {
    execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  } catch {
    // It was never made, or is gone already.
  }
}

/** Deletes namespaces of labs whose process was killed before it could. */
export function deleteStaleNamespaces(): void {
  const listed = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  for (const [name, pid] of listed.matchAll(/^p2p(\d+)-\S+/gm)) {
    if (isAlive(Number(pid))) continue;
    names.add(name);
    deleteNamespace(name);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function cleanUpWhenEnding(): void {
  if (watching) return;
  watching = true;
  const cleanUp = () => {
    for (const child of children) child.kill('SIGKILL');
    for (const name of [...names]) deleteNamespace(name);
  };
  process.once('exit', cleanUp);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      cleanUp();
      process.kill(process.pid, signal); // The listener is gone: this time it ends the process.
    });
  }
}
