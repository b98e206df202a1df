import { createBlockCipher } from '../../src/crypto/block-cipher.ts';
import type { ScanOptions } from '../../src/io/source/source-scan.ts';
import { type VersionTags, versionTags } from '../../src/io/source/version-tag.ts';

/** Versions as a transfer makes them that has this byte for its salt. */
export function tagsOf(salt: number): VersionTags {
  return versionTags(createBlockCipher(new Uint8Array(16).fill(salt)));
}

export const SCAN_OPTIONS: ScanOptions = {
  symlinks: 'keep',
  exclude: [],
  gitignore: false,
  encodeNames: false,
  allowUnreadable: false,
  tagOf: tagsOf(7),
};
