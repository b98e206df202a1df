import { AEAD_NONCE_BYTES, type Aead, CipherSuite, type Crypto } from '../ports.ts';
import type { HandshakeKeys, Side } from './key-schedule.ts';
import { concat, lvCat } from './lv-cat.ts';
import { type Confirm, encodeConfirmBody, limits, MessageKind } from './message.ts';

/** What both confirmations of one handshake are made and checked with. */
export interface ConfirmationContext {
  readonly crypto: Pick<Crypto, 'aead' | 'hmac' | 'equal'>;
  readonly keys: HandshakeKeys;
  readonly th0: Uint8Array;
  readonly claimId: Uint8Array;
}

/** C or D: our box, sealed, and our tag. `heard` is the receiver's tag, which D answers to. */
export function makeConfirm(
  context: ConfirmationContext,
  side: Side,
  plaintext: Uint8Array,
  heard: readonly Uint8Array[],
): Uint8Array {
  if (plaintext.length > limits.boxBytes) {
    throw new Error(`unreachable: a box of ${plaintext.length} bytes`);
  }
  const box = concat(boxCipher(context, side).seal(FIRST_NONCE, NOTHING, [plaintext]));
  const body = encodeConfirmBody(CONFIRM_KIND[side], { claimId: context.claimId, box });
  return concat([body, confirmTag(context, side, body, heard)]);
}

/** The plaintext of the peer's box, or `undefined` when tag or box do not verify. */
export function openConfirm(
  context: ConfirmationContext,
  side: Side,
  confirm: Confirm,
  heard: readonly Uint8Array[],
): Uint8Array | undefined {
  const expected = confirmTag(context, side, confirm.body, heard);
  if (!context.crypto.equal(expected, confirm.tag)) return undefined;
  return boxCipher(context, side).open(FIRST_NONCE, NOTHING, confirm.box);
}

const CONFIRM_KIND = {
  receiver: MessageKind.receiverConfirm,
  sender: MessageKind.senderConfirm,
} as const;

const NOTHING = new Uint8Array(0);
/** Each box key seals one message in its life, so the counter stays at zero. */
const FIRST_NONCE = new Uint8Array(AEAD_NONCE_BYTES);

// Over the whole message before the tag, not only the box: no byte of C or D can be changed, added
// or re-encoded without the other side seeing it.
function confirmTag(
  { crypto, keys, th0 }: ConfirmationContext,
  side: Side,
  body: Uint8Array,
  heard: readonly Uint8Array[],
): Uint8Array {
  return crypto.hmac(keys.confirm[side], lvCat(side, th0, ...heard, body));
}

function boxCipher({ crypto, keys }: ConfirmationContext, side: Side): Aead {
  return crypto.aead(CipherSuite.chacha20Poly1305, keys.box[side]);
}
