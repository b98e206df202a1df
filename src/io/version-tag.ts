import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';

/** What tells one state of a file from another. */
export type FileVersion = Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs'>;

/**
 * 64 bits that change when the file does: a receiver that holds chunks of it learns whether they are
 * of the same file. ctime gives away an edit whose mtime was put back (security rule 16), and another
 * file that took the name: renaming sets it. Inode numbers are left out, because FAT, exFAT, SMB and
 * many a FUSE file system make up new ones whenever the old ones have been forgotten. The salt keeps
 * sizes and times from whoever sees the tag.
 */
export function versionTag(version: FileVersion, salt: Uint8Array): bigint {
  const { size, mtimeNs, ctimeNs } = version;
  const hash = createHash('sha256').update(salt);
  hash.update([size, mtimeNs, ctimeNs].join(' '));
  return hash.digest().readBigUInt64BE();
}
