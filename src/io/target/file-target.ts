import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { P2PShareError } from '../../protocol/errors.ts';
import { type EntryName, isHidden } from '../../protocol/transfer/entries/entry-name.ts';
import { asFileError, errnoOf } from '../files/file-errors.ts';
import type { FileRoot } from '../files/file-root.ts';

/** Where an entry goes: the receiver's folder under the sender's name, or a name of its own. */
export type Target = { readonly directory: string } | { readonly file: string };

/** What `p2pshare receive` was told about the place. */
export interface TargetWish {
  /** `--out`: a folder, or a name in a folder that exists; the current folder if absent. */
  readonly out: string | undefined;
  /** The sender's names for what is at the top of the transfer. */
  readonly names: readonly EntryName[];
  /** Whether the sender may choose a name such as `.bashrc`. */
  readonly allowHidden?: boolean;
}

/**
 * Decides where an offer goes. Throws `P2P_TARGET_UNWRITABLE` when there is no such folder or when
 * several things would get one name, and `P2P_NAME_REFUSED` for a hidden name that only the sender
 * has chosen (security rule 5).
 */
export async function resolveTarget({ out, names, allowHidden }: TargetWish): Promise<Target> {
  const target = await resolveOut(out);
  if ('file' in target && names.length > 1) {
    throw new P2PShareError('P2P_TARGET_UNWRITABLE', 'several things are offered, and no folder');
  }
  if ('directory' in target && allowHidden !== true && names.some(isHidden)) {
    throw new P2PShareError('P2P_NAME_REFUSED', 'hidden name chosen by the sender');
  }
  return target;
}

/**
 * What `out` means, whatever is going to be offered. Throws `P2P_TARGET_UNWRITABLE` when there is no
 * such folder, or when it must not be written to.
 */
export async function resolveOut(wish: string | undefined): Promise<Target> {
  const out = resolve(wish ?? '.');
  const target = (await isDirectory(out)) ? { directory: out } : { file: out };
  const folder = 'directory' in target ? out : dirname(out);
  const endsInSeparator = /[/\\]$/.test(wish ?? '');
  if (('file' in target && endsInSeparator) || !(await isDirectory(folder))) {
    throw new P2PShareError('P2P_TARGET_UNWRITABLE', 'no such folder');
  }
  await asFileError('target', () => access(folder, constants.W_OK));
  return target;
}

/** The folder that a target means, and the name in it where the receiver has chosen one. */
export function placeOf(target: Target): { directory: string; name?: string } {
  if ('directory' in target) return { directory: resolve(target.directory) };
  const file = resolve(target.file);
  return { directory: dirname(file), name: basename(file) };
}

/** Whether anything at all has this name, a dangling symbolic link included. */
export async function isTaken(root: FileRoot, name: string): Promise<boolean> {
  try {
    await root.files.lstat(root.at(name));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return await asFileError('target', async () => {
    try {
      return (await stat(path)).isDirectory();
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
      throw error;
    }
  });
}
