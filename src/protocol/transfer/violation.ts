import type { ErrorCode } from '../errors.ts';

/** Why a transfer has to end. `detail` is for logs and never holds what the peer wrote. */
export interface Violation {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** The peer did what no honest peer does. */
export function protocolViolation(detail: string): Violation {
  return { code: 'P2P_PROTOCOL', detail };
}
