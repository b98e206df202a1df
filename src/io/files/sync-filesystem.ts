import { promisify } from 'node:util';

/** Makes all that was written to the file system of an open file or folder durable; syncfs(2). */
export type SyncFileSystem = (fd: number) => Promise<void>;

let probed: Promise<SyncFileSystem | undefined> | undefined;

/** One call instead of one for each of many small files; `undefined` where there is no such call. */
export async function syncFileSystem(): Promise<SyncFileSystem | undefined> {
  const { P2PSHARE_NO_SYNCFS } = process.env;
  if (process.platform !== 'linux' || P2PSHARE_NO_SYNCFS === '1') return undefined;
  probed ??= probe();
  return await probed;
}

async function probe(): Promise<SyncFileSystem | undefined> {
  try {
    const { default: koffi } = await import('koffi');
    const syncfs = promisify(koffi.load(null).func('int syncfs(int fd)').async);
    return async (fd) => {
      // The error number is of another thread; since Linux 5.8 it can only be the disk's.
      if ((await syncfs(fd)) !== 0)
        throw Object.assign(new Error('syncfs failed'), { code: 'EIO' });
    };
  } catch {
    return undefined; // koffi is an optional dependency: without it, each file is synced by itself.
  }
}
