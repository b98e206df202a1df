import { type ErrorCode, P2PShareError } from '../../protocol/errors.ts';

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
  P2P_SENDER_OUTDATED: 11,
  P2P_RECEIVER_OUTDATED: 11,
  P2P_SERVER_OUTDATED: 11,
  P2P_SERVER_BUSY: 12,
  P2P_PROTOCOL: 1,
};

/** What a script can make of each. */
export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  0: 'Everything was sent and verified, or received and kept.',
  1: 'Something unexpected.',
  2: 'The command line, the environment or the configuration file makes no sense.',
  3: 'The code is unknown, used or expired.',
  4: 'The code was wrong, or so were the words of --verify.',
  5: 'Declined or cancelled.',
  6: 'Nobody could be reached: no server, no path, or nobody in time.',
  7: 'The connection was lost on the way; the same command goes on.',
  8: 'What arrived, or was read, is not what was offered.',
  9: 'The destination exists, or a name is not safe.',
  10: 'Local files or the disk.',
  11: 'The versions of the two sides, or of the server, do not fit.',
  12: 'The server has reached a limit.',
  129: 'Ended by SIGHUP.',
  130: 'Ended by SIGINT.',
  141: 'Nobody reads standard output any more.',
  143: 'Ended by SIGTERM.',
};

/** 1 for anything that is no error of ours: a bug. */
export function exitCodeOf(error: unknown): number {
  return error instanceof P2PShareError ? EXIT_CODES[error.code] : 1;
}
