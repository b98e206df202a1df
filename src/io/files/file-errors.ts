import { type ErrorCode, P2PShareError } from '../../protocol/errors.ts';

/** Which end of a transfer met the trouble: the same errno means different things to people. */
export type FileRole = 'source' | 'target';

/** The `code` of a system error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** A system error as an error of ours, the original kept as its cause; ours pass unchanged. */
export function fileError(error: unknown, role: FileRole): P2PShareError {
  if (error instanceof P2PShareError) return error;
  const errno = errnoOf(error);
  const codes = role === 'source' ? SOURCE_CODES : TARGET_CODES;
  const path = role === 'source' ? pathOf(error) : undefined;
  return new P2PShareError(codes.get(errno ?? '') ?? 'P2P_LOCAL_IO', `${role}: ${errno ?? error}`, {
    cause: error,
    ...(path !== undefined && { path }),
  });
}

/** The path that a system error is about. */
function pathOf(error: unknown): string | undefined {
  const path = (error as { path?: unknown } | undefined)?.path;
  return typeof path === 'string' ? path : undefined;
}

/** What is wrong, for the cause of an error: people see it by its code, as they do of system errors. */
export function problem(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Runs file work and turns whatever it throws into an error of ours. */
export async function asFileError<T>(role: FileRole, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, role);
  }
}

const SOURCE_CODES = new Map<string, ErrorCode>([
  ['ENOENT', 'P2P_SOURCE_MISSING'],
  ['ENOTDIR', 'P2P_SOURCE_MISSING'],
  ['EACCES', 'P2P_SOURCE_UNREADABLE'],
  ['EPERM', 'P2P_SOURCE_UNREADABLE'],
  ['EISDIR', 'P2P_SOURCE_UNREADABLE'],
  ['ELOOP', 'P2P_SOURCE_UNREADABLE'],
  ['ENAMETOOLONG', 'P2P_NAME_REFUSED'],
  ['ENXIO', 'P2P_SOURCE_UNREADABLE'],
  ['ESTALE', 'P2P_SOURCE_CHANGED'],
]);

const TARGET_CODES = new Map<string, ErrorCode>([
  ['ENOSPC', 'P2P_DISK_FULL'],
  ['EDQUOT', 'P2P_DISK_FULL'],
  // The file system's limit of a file's size (FAT: 4 GiB), or ulimit -f: no room for this file.
  ['EFBIG', 'P2P_DISK_FULL'],
  ['EEXIST', 'P2P_TARGET_EXISTS'],
  ['EROFS', 'P2P_TARGET_UNWRITABLE'],
  ['EACCES', 'P2P_TARGET_UNWRITABLE'],
  ['EPERM', 'P2P_TARGET_UNWRITABLE'],
  ['ENOENT', 'P2P_TARGET_UNWRITABLE'],
  ['ENOTDIR', 'P2P_TARGET_UNWRITABLE'],
  ['ELOOP', 'P2P_TARGET_UNWRITABLE'],
  ['ENAMETOOLONG', 'P2P_TARGET_UNWRITABLE'],
]);

/** Whether something has the name that was to be given. */
export function isNameTaken(error: unknown): boolean {
  return error instanceof P2PShareError && error.code === 'P2P_TARGET_EXISTS';
}

/**
 * Whether a file system says by this that it has no such thing: permissions, times, symbolic links or
 * second names on FAT, exFAT, many network drives and FUSE. Only of what is our own, which nobody else
 * can have forbidden.
 */
export function isUnsupported(error: unknown): boolean {
  return UNSUPPORTED.has(errnoOf(error) ?? '');
}

const UNSUPPORTED: ReadonlySet<string> = new Set([
  'EPERM',
  'EACCES',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
]);
