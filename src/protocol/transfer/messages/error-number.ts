import type { ErrorCode } from '../../errors.ts';

/** The numbers of error codes on the wire. They never change; new codes get new numbers. */
const NUMBERS: Readonly<Record<ErrorCode, number>> = {
  P2P_USAGE: 1,
  P2P_CODE_INVALID: 2,
  P2P_CODE_UNKNOWN: 3,
  P2P_CODE_USED: 4,
  P2P_CODE_EXPIRED: 5,
  P2P_CODE_MISMATCH: 6,
  P2P_CODE_BURNT: 7,
  P2P_DECLINED: 8,
  P2P_CANCELLED: 9,
  P2P_SERVER_UNREACHABLE: 10,
  P2P_PEER_UNREACHABLE: 11,
  P2P_TIMEOUT: 12,
  P2P_INTERRUPTED: 13,
  P2P_INTEGRITY: 14,
  P2P_SOURCE_MISSING: 15,
  P2P_SOURCE_UNREADABLE: 16,
  P2P_SOURCE_CHANGED: 17,
  P2P_NAME_REFUSED: 18,
  P2P_TARGET_EXISTS: 19,
  P2P_TARGET_UNWRITABLE: 20,
  P2P_DISK_FULL: 21,
  P2P_LOCAL_IO: 22,
  P2P_VERSION_MISMATCH: 23,
  P2P_SERVER_BUSY: 24,
  P2P_PROTOCOL: 25,
  P2P_STATE_UNSAFE: 26,
  P2P_NOT_VERIFIED: 27,
  P2P_SENDER_OUTDATED: 28,
  P2P_RECEIVER_OUTDATED: 29,
  P2P_SERVER_OUTDATED: 30,
};

const CODES = new Map(Object.entries(NUMBERS).map(([code, number]) => [number, code as ErrorCode]));

export function errorNumber(code: ErrorCode): number {
  return NUMBERS[code];
}

/** The code behind a number; one that a newer peer knows and we do not is a plain cancellation. */
export function errorOfNumber(number: number): ErrorCode {
  return CODES.get(number) ?? 'P2P_CANCELLED';
}
