import { readFileSync } from 'node:fs';
import process from 'node:process';

/**
 * With it each access of WebAssembly is checked, which makes its hash some 5 % slower. Without it whole
 * gigabytes of addresses are reserved beside each memory, so that the processor finds wrong ones.
 */
const FLAG = '--disable-wasm-trap-handler';
/** Twice what Node and one memory of WebAssembly reserve. */
const ENOUGH_BYTES = 24 * 2 ** 30;

/** fcntl(2). Node has its standard streams closed for whatever is executed next. */
const F_SETFD = 2;
const STANDARD_STREAMS = [0, 1, 2];

/**
 * Where this process may have few addresses (`ulimit -v`, usual on machines with many users), starts the
 * program once more in this process, with the flag, and does not come back. Does where that cannot be.
 */
export async function restartForAddresses(): Promise<void> {
  if (addressLimit() >= ENOUGH_BYTES || process.execArgv.includes(FLAG)) return;
  try {
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    const fcntl = libc.func('int fcntl(int fd, int command, ...)');
    const execv = libc.func('int execv(str path, const char **argv)');
    for (const fd of STANDARD_STREAMS) fcntl(fd, F_SETFD, 'int', 0);
    const { execPath, execArgv, argv } = process;
    execv(execPath, [execPath, ...execArgv, FLAG, ...argv.slice(1), null]);
  } catch {
    // koffi is an optional dependency: then there may be enough of them all the same.
  }
}

/** In bytes; proc_pid_limits(5). Infinite where there is none, or nobody tells. */
function addressLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    const soft = /^Max address space +(\d+) /m.exec(limits)?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
