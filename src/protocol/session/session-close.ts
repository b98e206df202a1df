import type { ErrorCode } from '../errors.ts';
import type { Outcome } from '../rendezvous/requests.ts';
import { errorNumber, errorOfNumber } from '../transfer/messages/error-number.ts';
import { CloseCode, type ConnectionEvent } from '../transport/connection-event.ts';
import type { SessionFailure } from './session-event.ts';

/** Close codes below this belong to the transport; above, they are 16 more than an error's number. */
const FIRST_SESSION_CODE = 16;

export function closeCodeOf(error: ErrorCode): number {
  return FIRST_SESSION_CODE + errorNumber(error);
}

/** What the server is told of a failure. */
export function outcomeOf(error: ErrorCode): Outcome {
  return error === 'P2P_CANCELLED' ? 'cancelled' : 'failed';
}

/** What a closed connection means to a session that was not finished. */
export function failureOfClose(
  event: Extract<ConnectionEvent, { kind: 'closed' }>,
): SessionFailure {
  return { kind: 'failed', code: errorOfClose(event.code), by: event.by, detail: event.reason };
}

function errorOfClose(code: number): ErrorCode {
  if (code >= FIRST_SESSION_CODE) return errorOfNumber(code - FIRST_SESSION_CODE);
  return code === CloseCode.protocolViolation ? 'P2P_PROTOCOL' : 'P2P_INTERRUPTED';
}
