import fs, { type BigIntStats, type Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { type Attributes, unlessUnsupported } from './file-attributes.ts';
import { Haste } from './haste.ts';
import { isLocal, noteSame } from './local-folders.ts';

/** Bytes that are moved in place, and of a folder that is listed so: beyond this, a thread costs less. */
export const MAX_IN_PLACE_BYTES = 64 * 1024;

const haste = new Haste();
const later = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  fstat: promisify(fs.fstat),
  lstat: promisify(fs.lstat),
  mkdir: promisify(fs.mkdir),
  fchmod: promisify(fs.fchmod),
  futimes: promisify(fs.futimes),
  ftruncate: promisify(fs.ftruncate),
  fsync: promisify(fs.fsync),
  fdatasync: promisify(fs.fdatasync),
  unlink: promisify(fs.unlink),
  rmdir: promisify(fs.rmdir),
  rename: promisify(fs.rename),
  link: promisify(fs.link),
};
/**
 * To read what may be anything by now: not through a link at its end, and without waiting for whoever
 * writes to a pipe. Windows has neither flag.
 */
export const READ_FLAGS: number =
  fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);

const WITH_TYPES = { withFileTypes: true } as const;
const BIG = { bigint: true } as const;
const PRIVATE = 0o700;

/** Open files on file systems of this machine. */
const localFiles = new Set<number>();

async function inFolder<T>(
  path: string,
  inPlace: () => T,
  elsewhere: () => Promise<T>,
): Promise<T> {
  return (await isLocal(dirname(path))) ? await haste.call(inPlace, elsewhere) : await elsewhere();
}

function onFile<T>(fd: number, inPlace: () => T, elsewhere: () => Promise<T>): Promise<T> {
  return localFiles.has(fd) ? haste.call(inPlace, elsewhere) : elsewhere();
}

/** Yields a descriptor, which is the caller's to close with `closeFile`. */
export async function openFile(path: string, flags: number, mode?: number): Promise<number> {
  const fd = await inFolder(
    path,
    () => fs.openSync(path, flags, mode),
    () => later.open(path, flags, mode),
  );
  if (await isLocal(dirname(path))) localFiles.add(fd);
  return fd;
}

/** A small file with all that it has but its name. */
export interface SmallFile extends Attributes {
  /** At most `MAX_IN_PLACE_BYTES`. */
  readonly bytes: Uint8Array;
  /** Whether the umask leaves the mode as it is. */
  readonly isUnmasked: boolean;
}

/**
 * Makes a file and closes it, in one piece: each call by itself would be an errand through several
 * promises, which take longer than the call. `inSteps` does the same without holding anything up.
 */
export function putFile(
  path: string,
  flags: number,
  file: SmallFile,
  inSteps: () => Promise<void>,
): Promise<void> {
  return inFolder(path, () => putInPlace(path, flags, file), inSteps);
}

function putInPlace(path: string, flags: number, file: SmallFile): void {
  const { bytes, mode, isUnmasked, modified } = file;
  // Even before it is whole it may have its mode: nobody else can enter the folder that it is in.
  const fd = fs.openSync(path, flags, mode);
  try {
    for (let at = 0; at < bytes.length; ) {
      at += fs.writeSync(fd, bytes, at, bytes.length - at, at);
    }
    if (!isUnmasked) asFarAsKept(() => fs.fchmodSync(fd, mode));
    asFarAsKept(() => fs.futimesSync(fd, modified, modified));
  } finally {
    fs.closeSync(fd);
  }
}

function asFarAsKept(set: () => void): void {
  try {
    set();
  } catch (error) {
    unlessUnsupported(error);
  }
}

/** What was read of a small file, and how it was behind that. */
export interface SmallRead {
  readonly length: number;
  readonly stats: BigIntStats;
}

/** Opens a file, reads it until `into` is full or it ends, looks at it and closes it, in one piece. */
export function takeFile(path: string, flags: number, into: Uint8Array): Promise<SmallRead> {
  return inFolder(
    path,
    () => takeInPlace(path, flags, into),
    async () => {
      const fd = await openFile(path, flags);
      try {
        return { length: await readFile(fd, into, 0), stats: await statFile(fd) };
      } finally {
        await closeFile(fd);
      }
    },
  );
}

function takeInPlace(path: string, flags: number, into: Uint8Array): SmallRead {
  const fd = fs.openSync(path, flags);
  try {
    let length = 0;
    while (length < into.length) {
      const read = fs.readSync(fd, into, length, into.length - length, length);
      if (read === 0) break;
      length += read;
    }
    return { length, stats: fs.fstatSync(fd, BIG) };
  } finally {
    fs.closeSync(fd);
  }
}

export async function closeFile(fd: number): Promise<void> {
  const closed = onFile(
    fd,
    () => fs.closeSync(fd),
    () => later.close(fd),
  );
  // The number may be another file's as soon as it is free.
  localFiles.delete(fd);
  await closed;
}

export function statFile(fd: number): Promise<BigIntStats> {
  return onFile(
    fd,
    () => fs.fstatSync(fd, BIG),
    () => later.fstat(fd, BIG),
  );
}

export function statPath(path: string): Promise<BigIntStats> {
  return inFolder(
    path,
    () => fs.lstatSync(path, BIG),
    () => later.lstat(path, BIG),
  );
}

/** What a folder of so many bytes holds: where it is large, listing it takes its time. */
export async function listFolder(path: string, bytes: number): Promise<Dirent[]> {
  const elsewhere = () => readdir(path, WITH_TYPES);
  if (bytes > MAX_IN_PLACE_BYTES || !(await isLocal(path))) return await elsewhere();
  return await haste.call(() => fs.readdirSync(path, WITH_TYPES), elsewhere);
}

/** Makes a private folder (0700). */
export async function makeFolder(path: string): Promise<void> {
  await inFolder(
    path,
    () => fs.mkdirSync(path, PRIVATE),
    () => later.mkdir(path, PRIVATE),
  );
  // What was made a moment ago is no other file system.
  noteSame(path);
}

/**
 * Removes a file of so many bytes; infinitely many where nobody knows. Of a large one a disk takes its
 * time to free the blocks.
 */
export function removeFile(path: string, bytes: number): Promise<void> {
  const elsewhere = () => later.unlink(path);
  if (bytes > MAX_IN_PLACE_BYTES) return elsewhere();
  return inFolder(path, () => fs.unlinkSync(path), elsewhere);
}

/** Removes an empty folder. */
export function removeFolder(path: string): Promise<void> {
  return inFolder(
    path,
    () => fs.rmdirSync(path),
    () => later.rmdir(path),
  );
}

/** Renames what is there to a path in the same file system; a file of that name is replaced. */
export function renameFile(from: string, to: string): Promise<void> {
  return inFolder(
    to,
    () => fs.renameSync(from, to),
    () => later.rename(from, to),
  );
}

/** Gives a file a second name; replaces nothing. */
export function linkFile(existing: string, path: string): Promise<void> {
  return inFolder(
    path,
    () => fs.linkSync(existing, path),
    () => later.link(existing, path),
  );
}

/** Reads from `position` on until `into` is full or the file ends; yields the number of bytes. */
export async function readFile(fd: number, into: Uint8Array, position: number): Promise<number> {
  let length = 0;
  while (length < into.length) {
    const rest = into.length - length;
    const read = await readSome(fd, into, length, rest, position + length);
    if (read === 0) break;
    length += read;
  }
  return length;
}

async function readSome(
  fd: number,
  into: Uint8Array,
  offset: number,
  length: number,
  position: number,
): Promise<number> {
  const elsewhere = () =>
    new Promise<number>((resolve, reject) => {
      fs.read(fd, into, offset, length, position, (error, read) => {
        if (error) reject(error);
        else resolve(read);
      });
    });
  if (length > MAX_IN_PLACE_BYTES) return await elsewhere();
  return await onFile(fd, () => fs.readSync(fd, into, offset, length, position), elsewhere);
}

/** Writes some of the bytes, at least one, from `position` on; yields how many. */
export async function writeFile(
  fd: number,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<number> {
  const elsewhere = () =>
    new Promise<number>((resolve, reject) => {
      fs.writev(fd, buffers, position, (error, written) => {
        if (error) reject(error);
        else resolve(written);
      });
    });
  const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  if (length > MAX_IN_PLACE_BYTES) return await elsewhere();
  return await onFile(fd, () => fs.writevSync(fd, buffers, position), elsewhere);
}

export function chmodFile(fd: number, mode: number): Promise<void> {
  return onFile(
    fd,
    () => fs.fchmodSync(fd, mode),
    () => later.fchmod(fd, mode),
  );
}

/** Both times in seconds since 1970. */
export function touchFile(fd: number, accessed: number, modified: number): Promise<void> {
  return onFile(
    fd,
    () => fs.futimesSync(fd, accessed, modified),
    () => later.futimes(fd, accessed, modified),
  );
}

// Where the disk has to work, threads always wait for it.

export function truncateFile(fd: number, length: number): Promise<void> {
  return later.ftruncate(fd, length);
}

export function syncFile(fd: number): Promise<void> {
  return later.fsync(fd);
}

export function syncFileData(fd: number): Promise<void> {
  return later.fdatasync(fd);
}
