import { ByteReader } from '../wire/byte-reader.ts';
import { lvCat } from './lv-cat.ts';
import { limits } from './message.ts';

/** What a receiver offers: ADa of the draft, `lv_cat("receiver", versions, suites, capabilities)`. */
export interface Offer {
  readonly versions: readonly number[];
  /** Cipher suites, the receiver's favourite first. */
  readonly suites: readonly number[];
}

/** What a sender chose of it: ADb of the draft, `lv_cat("sender", version, suite, capabilities)`. */
export interface Choice {
  readonly version: number;
  readonly suite: number;
}

export function encodeOffer(offer: Offer): Uint8Array {
  return lvCat(
    'receiver',
    Uint8Array.from(offer.versions),
    Uint8Array.from(offer.suites),
    NO_CAPABILITIES,
  );
}

/** `undefined` when it is not an offer; above all, when it is a sender's own data sent back. */
export function decodeOffer(data: Uint8Array): Offer | undefined {
  const reader = new ByteReader(data);
  if (!readsRole(reader, 'receiver')) return undefined;
  const versions = reader.prefixed(limits.listBytes);
  const suites = reader.prefixed(limits.listBytes);
  const capabilities = reader.prefixed(limits.capabilityBytes);
  if (!versions || !suites || !capabilities) return undefined;
  return { versions: [...versions], suites: [...suites] };
}

export function encodeChoice(choice: Choice): Uint8Array {
  const { version, suite } = choice;
  return lvCat('sender', Uint8Array.of(version), Uint8Array.of(suite), NO_CAPABILITIES);
}

/** `undefined` when it is not a choice; above all, when it is a receiver's own data sent back. */
export function decodeChoice(data: Uint8Array): Choice | undefined {
  const reader = new ByteReader(data);
  if (!readsRole(reader, 'sender')) return undefined;
  const version = reader.prefixed(1)?.[0];
  const suite = reader.prefixed(1)?.[0];
  const capabilities = reader.prefixed(limits.capabilityBytes);
  if (version === undefined || suite === undefined || !capabilities) return undefined;
  return { version, suite };
}

/** Room for what a later version may add without a new version number. */
const NO_CAPABILITIES = new Uint8Array(0);

function readsRole(reader: ByteReader, role: string): boolean {
  const bytes = reader.prefixed(limits.capabilityBytes);
  return bytes !== undefined && String.fromCharCode(...bytes) === role;
}
