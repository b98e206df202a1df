import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';

/** What tells one state of a file from another, and from other files. */
export type FileVersion = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>;

/**
 * 64 bits that change when the file does: a receiver that holds chunks of it learns whether they are
 * of the same file. ctime gives away an edit whose mtime was put back (security rule 16). The salt
 * keeps inode numbers and the like from whoever sees the tag.
 */
export function versionTag(version: FileVersion, salt: Uint8Array): bigint {
  const { dev, ino, size, mtimeNs, ctimeNs } = version;
  const hash = createHash('sha256').update(salt);
  hash.update([dev, ino, size, mtimeNs, ctimeNs].join(' '));
  return hash.digest().readBigUInt64BE();
}
