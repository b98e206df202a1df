import type { ErrorCode } from '../errors.ts';
import { RENDEZVOUS_VERSION } from './message.ts';

/** Why a server refused a request, by the number in ERROR. Numbers are never given twice. */
export const REFUSALS = {
  version: 1,
  'unknown-nameplate': 2,
  expired: 3,
  used: 4,
  burnt: 5,
  'bad-secret': 6,
  busy: 7,
  'rate-limited': 8,
  'relay-refused': 9,
  starting: 10,
} as const;

export type Refusal = keyof typeof REFUSALS;

/** The refusal with this number; an unknown number is one that a later version added. */
export function refusalOf(number: number): Refusal | undefined {
  return NAMES.get(number);
}

const REFUSAL_ERRORS: Readonly<Record<Refusal, ErrorCode>> = {
  version: 'P2P_VERSION_MISMATCH',
  'unknown-nameplate': 'P2P_CODE_UNKNOWN',
  expired: 'P2P_CODE_EXPIRED',
  used: 'P2P_CODE_USED',
  burnt: 'P2P_CODE_BURNT',
  'bad-secret': 'P2P_PROTOCOL',
  busy: 'P2P_SERVER_BUSY',
  'rate-limited': 'P2P_SERVER_BUSY',
  'relay-refused': 'P2P_SERVER_BUSY',
  starting: 'P2P_CODE_UNKNOWN',
};

/**
 * How a refusal ends a transfer of this side. A server that says which version it speaks
 * (`spoken`) shows who of the two is behind.
 */
export function errorOfRefusal(
  { refusal, spoken }: { readonly refusal: Refusal; readonly spoken?: number },
  ownOutdated: 'P2P_SENDER_OUTDATED' | 'P2P_RECEIVER_OUTDATED',
): ErrorCode {
  if (refusal !== 'version' || spoken === undefined) return REFUSAL_ERRORS[refusal];
  return spoken < RENDEZVOUS_VERSION ? 'P2P_SERVER_OUTDATED' : ownOutdated;
}

const NAMES: ReadonlyMap<number, Refusal> = new Map(
  Object.entries(REFUSALS).map(([name, number]) => [number, name as Refusal]),
);
