import type { CipherSuite, Crypto } from '../ports.ts';
import type { DirectionKeys, SessionKeys } from '../session-keys.ts';
import { lvCat } from './lv-cat.ts';

/** The two sides of a transfer, by what they do with the file. */
export type Side = 'sender' | 'receiver';

/** The keys that prove the handshake and seal its boxes, from the secret and the first hash. */
export interface HandshakeKeys {
  /** Both 32 bytes, by the side that uses them: HMAC-SHA-256 keys of Ta and Tb. */
  readonly confirm: Readonly<Record<Side, Uint8Array>>;
  /** Both 32 bytes: ChaCha20-Poly1305 keys of the two boxes. */
  readonly box: Readonly<Record<Side, Uint8Array>>;
}

/** th0: what was said up to and including B, byte by byte, so that nothing can be talked down. */
export function firstTranscriptHash(
  crypto: Pick<Crypto, 'sha256'>,
  messages: { readonly h: Uint8Array; readonly a: Uint8Array; readonly b: Uint8Array },
): Uint8Array {
  return crypto.sha256(lvCat('p2pshare/1 th0', messages.h, messages.a, messages.b));
}

/** th1: the whole handshake, with both boxes. */
export function secondTranscriptHash(
  crypto: Pick<Crypto, 'sha256'>,
  messages: { readonly th0: Uint8Array; readonly c: Uint8Array; readonly d: Uint8Array },
): Uint8Array {
  return crypto.sha256(lvCat('p2pshare/1 th1', messages.th0, messages.c, messages.d));
}

export function deriveHandshakeKeys(
  crypto: Pick<Crypto, 'hkdf'>,
  secrets: { readonly isk: Uint8Array; readonly th0: Uint8Array },
): HandshakeKeys {
  const derive = deriver(crypto, secrets.isk, secrets.th0);
  return {
    confirm: { receiver: derive('confirm r', 32), sender: derive('confirm s', 32) },
    box: { receiver: derive('box r', 32), sender: derive('box s', 32) },
  };
}

/** Everything the session is protected with, as seen from `side`. */
export function deriveSessionKeys(
  crypto: Pick<Crypto, 'hkdf'>,
  input: {
    readonly isk: Uint8Array;
    readonly th0: Uint8Array;
    readonly th1: Uint8Array;
    readonly suite: CipherSuite;
    readonly side: Side;
  },
): SessionKeys {
  const derive = deriver(crypto, input.isk, input.th1);
  const fromSender = deriveDirection(derive, 's>r');
  const fromReceiver = deriveDirection(derive, 'r>s');
  const isSender = input.side === 'sender';
  return {
    suite: input.suite,
    send: isSender ? fromSender : fromReceiver,
    receive: isSender ? fromReceiver : fromSender,
    relayToken: derive('relay', 16),
    // From th0: what people compare must be fixed before either side has sent a box.
    verifier: deriver(crypto, input.isk, input.th0)('verifier', 8),
    resumeSecret: derive('resume', 32),
  };
}

type Derive = (label: string, length: number) => Uint8Array;

function deriver(crypto: Pick<Crypto, 'hkdf'>, isk: Uint8Array, salt: Uint8Array): Derive {
  return (label, length) => crypto.hkdf(isk, salt, lvCat('p2pshare/1', label), length);
}

function deriveDirection(derive: Derive, direction: 's>r' | 'r>s'): DirectionKeys {
  return {
    connectionId: derive(`cid ${direction}`, 8),
    record: derive(`record ${direction}`, 32),
    control: derive(`control ${direction}`, 32),
    header: derive(`header ${direction}`, 16),
    probe: derive(`probe ${direction}`, 32),
    signal: derive(`signal ${direction}`, 32),
  };
}
