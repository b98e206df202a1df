import { type ErrorCode, P2PShareError } from '../protocol/errors.ts';

/** Exit codes by what went wrong; docs/cli.md lists them for people who write scripts. */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  P2P_USAGE: 2,
  P2P_CODE_INVALID: 2,
  P2P_CODE_UNKNOWN: 3,
  P2P_CODE_USED: 3,
  P2P_CODE_EXPIRED: 3,
  P2P_CODE_MISMATCH: 4,
  P2P_CODE_BURNT: 4,
  P2P_NOT_VERIFIED: 4,
  P2P_DECLINED: 5,
  P2P_CANCELLED: 5,
  P2P_SERVER_UNREACHABLE: 6,
  P2P_PEER_UNREACHABLE: 6,
  P2P_TIMEOUT: 6,
  P2P_INTERRUPTED: 7,
  P2P_INTEGRITY: 8,
  P2P_SOURCE_CHANGED: 8,
  P2P_NAME_REFUSED: 9,
  P2P_TARGET_EXISTS: 9,
  P2P_SOURCE_MISSING: 10,
  P2P_SOURCE_UNREADABLE: 10,
  P2P_TARGET_UNWRITABLE: 10,
  P2P_DISK_FULL: 10,
  P2P_LOCAL_IO: 10,
  P2P_STATE_UNSAFE: 10,
  P2P_VERSION_MISMATCH: 11,
  P2P_SERVER_BUSY: 12,
  P2P_PROTOCOL: 1,
};

/** 1 for anything that is no error of ours: a bug. */
export function exitCodeOf(error: unknown): number {
  return error instanceof P2PShareError ? EXIT_CODES[error.code] : 1;
}
