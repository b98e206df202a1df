import type { CipherSuite, Crypto } from '../ports.ts';
import type { SessionKeys } from '../session-keys.ts';
import type { Instant } from '../time.ts';
import { sameBytes } from '../wire/bytes.ts';
import { decodeOffer, encodeChoice } from './associated-data.ts';
import type { Code } from './code.ts';
import { type ConfirmationContext, makeConfirm, openConfirm } from './confirmation.ts';
import {
  deriveHandshakeKeys,
  deriveSessionKeys,
  firstTranscriptHash,
  secondTranscriptHash,
} from './key-schedule.ts';
import { type Claim, type Confirm, decodeHello, encodeAnswer } from './message.ts';
import { chooseSuite, VERSIONS } from './negotiation.ts';
import { pakeInput } from './pake-input.ts';

/** What every attempt on one code is answered with. */
export interface AttemptContext {
  readonly crypto: Crypto;
  readonly suites: readonly CipherSuite[];
  readonly hello: Uint8Array;
  readonly code: Code;
}

/** One claim that was answered: the scalar behind it is used this once and never again. */
export interface Attempt {
  readonly claimId: Uint8Array;
  /** A as it came, and B as it went out. */
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly share: Uint8Array;
  readonly isk: Uint8Array;
  readonly suite: CipherSuite;
  readonly confirmation: ConfirmationContext;
  deadline: Instant;
  /** `lost`: had won, but was never heard, and another one has won since. */
  state: 'open' | 'failed' | 'won' | 'lost';
  /** C as it came and what it was answered with, once it was checked. */
  settled?: { readonly c: Uint8Array; readonly reply: Uint8Array };
}

/** Answers a claim; tells why if it cannot be answered. */
export function startAttempt(
  context: AttemptContext,
  claim: Claim,
  a: Uint8Array,
  deadline: Instant,
): Attempt | 'version' | 'invalid' {
  const { crypto, hello, suites, code } = context;
  const offer = decodeOffer(claim.associatedData);
  const senderNonce = decodeHello(hello)?.nonce;
  if (senderNonce === undefined) throw new Error('unreachable: our own hello does not parse');
  if (offer === undefined || sameBytes(claim.nonce, senderNonce)) return 'invalid';
  const { version } = claim;
  const suite = chooseSuite(suites, offer.suites);
  const isSpoken = VERSIONS.includes(version) && offer.versions.includes(version);
  if (suite === undefined || !isSpoken) return 'version';
  const run = crypto.pake.start(pakeInput(code, claim.nonce, senderNonce));
  const associatedData = encodeChoice({ version, suite });
  const isk = run.finish({
    role: 'responder',
    ownData: associatedData,
    peerShare: claim.share,
    peerData: claim.associatedData,
  });
  if (isk === undefined || sameBytes(claim.share, run.share)) return 'invalid';
  const { claimId } = claim;
  const b = encodeAnswer({ claimId, share: run.share, associatedData });
  const th0 = firstTranscriptHash(crypto, { h: hello, a, b });
  const keys = deriveHandshakeKeys(crypto, { isk, th0 });
  const confirmation = { crypto, keys, th0, claimId };
  return { claimId, a, b, share: run.share, isk, suite, confirmation, deadline, state: 'open' };
}

/** What a valid C leads to: D, the keys, and the receiver's box. */
export interface Success {
  readonly d: Uint8Array;
  readonly keys: SessionKeys;
  readonly box: Uint8Array;
}

/** Checks the receiver's proof; only if it holds is our own made and our box asked for. */
export function finishAttempt(
  crypto: Crypto,
  attempt: Attempt,
  confirm: Confirm,
  c: Uint8Array,
  ownBox: () => Uint8Array,
): Success | undefined {
  const { isk, suite, confirmation } = attempt;
  const box = openConfirm(confirmation, 'receiver', confirm, []);
  if (box === undefined) return undefined;
  const d = makeConfirm(confirmation, 'sender', ownBox(), [confirm.tag]);
  const { th0 } = confirmation;
  const th1 = secondTranscriptHash(crypto, { th0, c, d });
  return { d, box, keys: deriveSessionKeys(crypto, { isk, th0, th1, suite, side: 'sender' }) };
}
