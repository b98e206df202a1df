import type { BigIntStats } from 'node:fs';
import { constants, type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { P2PShareError } from '../protocol/errors.ts';
import type { FileEntry } from '../protocol/transfer/entry.ts';
import { type EntryName, parseEntryName } from '../protocol/transfer/entry-name.ts';
import { asFileError } from './file-errors.ts';
import { versionTag } from './version-tag.ts';

/** A regular file that is being sent. It fails as soon as anybody else has touched the file. */
export interface FileSource {
  readonly entry: FileEntry;
  /**
   * Reads at `offset` until `into` is full or the file ends; yields the number of bytes.
   * Throws `P2P_SOURCE_CHANGED` when the file is not what it was when it was opened; that is looked
   * at every 16 MiB and, above all, with the last byte.
   */
  read(offset: number, into: Uint8Array): Promise<number>;
  /** Throws `P2P_SOURCE_CHANGED` when the file is not what it was; for files without any bytes. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the file that a person named. A symbolic link named so is followed, for that is what the
 * person means, and the entry keeps the link's name; everything but a regular file is refused.
 * Throws `P2P_SOURCE_MISSING`, `P2P_SOURCE_UNREADABLE` or `P2P_NAME_REFUSED`.
 */
export async function openSource(
  path: string,
  salt: Uint8Array = new Uint8Array(0),
): Promise<FileSource> {
  const name = parseSourceName(path);
  return await asFileError('source', async () => {
    const target = await realpath(path);
    // Looked at before it is opened: opening a device or a pipe may already do something.
    requireRegular(await stat(target, { bigint: true }));
    const handle = await open(target, READ_FLAGS);
    try {
      const opened = requireRegular(await handle.stat({ bigint: true }));
      return new OpenFile(handle, opened, name, salt);
    } catch (error) {
      await handle.close();
      throw error;
    }
  });
}

// O_NOFOLLOW: the path is resolved, so a link at its end was put there a moment ago. O_NONBLOCK:
// neither does a pipe that was put there make us wait. Windows has neither flag.
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

class OpenFile implements FileSource {
  readonly entry: FileEntry;
  readonly #handle: FileHandle;
  readonly #opened: BigIntStats;
  #unchecked = 0;

  constructor(handle: FileHandle, opened: BigIntStats, name: EntryName, salt: Uint8Array) {
    this.#handle = handle;
    this.#opened = opened;
    this.entry = {
      kind: 'file',
      path: [name],
      size: Number(opened.size),
      mtimeMs: Math.max(0, Number(opened.mtimeMs)),
      mode: Number(opened.mode & 0o777n),
      version: versionTag(opened, salt),
    };
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    return await asFileError('source', async () => {
      const length = await this.#readFully(offset, into);
      this.#unchecked += length;
      // With the last byte, so that no changed file counts as sent; and now and then, so that a
      // long one is not sent in vain.
      const isLast = length < into.length || offset + length >= this.entry.size;
      if (isLast || this.#unchecked >= CHECK_EVERY_BYTES) await this.#requireUnchanged();
      return length;
    });
  }

  async finish(): Promise<void> {
    await asFileError('source', () => this.#requireUnchanged());
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #readFully(offset: number, into: Uint8Array): Promise<number> {
    let length = 0;
    while (length < into.length) {
      const rest = into.length - length;
      const { bytesRead } = await this.#handle.read(into, length, rest, offset + length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return length;
  }

  async #requireUnchanged(): Promise<void> {
    this.#unchecked = 0;
    const now = await this.#handle.stat({ bigint: true });
    // ctime gives away an edit whose mtime was put back (security rule 16).
    const same = IDENTITY.every((field) => now[field] === this.#opened[field]);
    if (!same) throw new P2PShareError('P2P_SOURCE_CHANGED', 'the file changed while it was sent');
  }
}

const CHECK_EVERY_BYTES = 16 * 2 ** 20;
const IDENTITY = ['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const;

function parseSourceName(path: string): EntryName {
  const name = parseEntryName(basename(resolve(path)));
  if (typeof name === 'string') return name;
  throw new P2PShareError('P2P_NAME_REFUSED', `file name refused: ${name.refused}`);
}

function requireRegular(stats: BigIntStats): BigIntStats {
  if (stats.isFile()) return stats;
  throw new P2PShareError('P2P_SOURCE_UNREADABLE', 'not a regular file');
}
