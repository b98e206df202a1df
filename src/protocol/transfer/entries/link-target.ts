import { parseEntryName } from './entry-name.ts';

/**
 * Whether a symbolic link at `path` with this target leads to a place in the same tree, and would
 * if every folder on its way were where it seems to be (security rule 7). Targets are relative, in
 * POSIX form, and never climb above the entry at the top, whose name the receiver may change.
 */
export function isInnerLink(path: readonly string[], target: string): boolean {
  // At the top it would lead to whatever the receiver has beside it.
  if (path.length < 2 || target.startsWith('/')) return false;
  if (new TextEncoder().encode(target).length > MAX_TARGET_BYTES) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const climbs = parts.findIndex((part) => part !== '..');
  // A target of nothing but dots would be a folder that holds the link.
  if (climbs === -1 || path.length - 1 - climbs < 1) return false;
  // Behind a name, ".." may stand in another place: that name can be a link itself.
  return parts.slice(climbs).every((part) => parseEntryName(part) === part);
}

/** Bytes of a target in UTF-8: what Linux takes for a path. */
export const MAX_TARGET_BYTES = 4095;
