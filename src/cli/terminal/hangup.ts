import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';

/** What shells tell a program beside its arguments: by what it was started. */
export interface StartEnvironment {
  readonly _?: string | undefined;
}

/**
 * Whether this process is to go on when its terminal goes away: it was started by nohup, or by what was.
 * Programs inherit that SIGHUP is ignored, but Node stops ignoring it before any of our code runs. What
 * is left of it is the name by which bash and zsh started us, and on Linux what our parent ignores.
 */
export function outlivesTerminal(env: StartEnvironment, parent: number = process.ppid): boolean {
  return basename(env._ ?? '') === 'nohup' || ignoresHangup(parent);
}

/** proc_pid_status(5): `SigIgn` is a mask in hexadecimal, whose lowest bit stands for signal 1. */
function ignoresHangup(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const lowest = /^SigIgn:\s*[0-9a-f]*([0-9a-f])$/m.exec(status)?.[1] ?? '0';
    return (Number.parseInt(lowest, 16) & 1) === 1;
  } catch {
    // Another system, or we have outlived it.
    return false;
  }
}
