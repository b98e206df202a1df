import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const LOCK = join(ROOT, 'node_modules', '.p2pshare-building');
const LOOK_AGAIN_MS = 50;
/** No build takes this long: whoever took the lock was killed. */
const LOCK_LIFE_MS = 60_000;

/** The command line as it is installed. */
export const CLI: string = join(ROOT, 'bin', 'p2pshare.js');

/** Sees to it that what is tested is what is written: builds when a source is newer than its output. */
export async function ensureBuilt(): Promise<void> {
  // Several test files may find it out at once: one of them builds, the others wait.
  while (isStale() || modified(LOCK) > 0) {
    if (takeLock()) build();
    else await after(LOOK_AGAIN_MS);
  }
}

function build(): void {
  try {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, encoding: 'utf8' });
  } catch (error) {
    // The compiler complains on stdout, which no message of execFileSync quotes.
    throw new Error(`the build fails:\n${(error as { stdout?: string }).stdout}`, { cause: error });
  } finally {
    rmSync(LOCK, { force: true });
  }
}

/** What runs is the bundle, which is made from the other output. */
function isStale(): boolean {
  const bundled = modified(join(ROOT, 'dist', 'bundle', 'main.js'));
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .some((path) => {
      const output = join(ROOT, 'dist', path.replace(/\.ts$/, '.js'));
      return Math.min(modified(output), bundled) < modified(join(ROOT, 'src', path));
    });
}

function takeLock(): boolean {
  if (Date.now() - modified(LOCK) > LOCK_LIFE_MS) rmSync(LOCK, { force: true });
  try {
    closeSync(openSync(LOCK, 'wx'));
    return true;
  } catch {
    return false;
  }
}

/** 0 for what does not exist. */
function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
