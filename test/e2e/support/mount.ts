import { execFileSync } from 'node:child_process';

const mounted = new Set<string>();

/** Why there can be no mounts here; `undefined` where there can. */
export function whyNoMounts(): string | undefined {
  if (process.platform !== 'linux') return 'mounting is done the Linux way';
  return process.getuid?.() === 0 ? undefined : 'mounting needs root';
}

/** Mounts a small file system in memory on a folder, until `unmountAll`. */
export function mountTmpfs(folder: string, options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'p2pshare-e2e', folder]);
  mounted.add(folder);
}

export function unmountAll(): void {
  for (const folder of mounted) {
    // Lazily: a process that has not ended yet may still be in there.
    execFileSync('umount', ['--lazy', folder]);
    mounted.delete(folder);
  }
}
