import type { BigIntStats } from 'node:fs';
import type { BlockCipher } from '../../protocol/ports.ts';

/** What tells one state of a file from another. */
export type FileVersion = Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs'>;

export type VersionTags = (version: FileVersion) => bigint;

/**
 * 64 bits that change when the file does: a receiver that holds chunks of it learns whether they are
 * of the same file. ctime gives away an edit whose mtime was put back (security rule 16), and another
 * file that took the name: renaming sets it. Inode numbers are left out, because FAT, exFAT, SMB and
 * many a FUSE file system make up new ones whenever the old ones have been forgotten.
 *
 * Both times are one block of `cipher`, whose key is the salt of the transfer: whoever sees the tag learns
 * nothing of them, at a third of what a hash costs, twice for each file. The size is told beside it.
 */
export function versionTags(cipher: BlockCipher): VersionTags {
  const times = new DataView(new ArrayBuffer(16));
  const block = new Uint8Array(times.buffer);
  return ({ size, mtimeNs, ctimeNs }) => {
    times.setBigInt64(0, mtimeNs);
    times.setBigInt64(8, ctimeNs);
    const { buffer, byteOffset } = cipher.encrypt(block);
    return new DataView(buffer, byteOffset).getBigUint64(0) ^ size;
  };
}
