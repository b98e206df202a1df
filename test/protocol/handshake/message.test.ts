import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeChoice,
  decodeOffer,
  encodeChoice,
  encodeOffer,
} from '../../../src/protocol/handshake/associated-data.ts';
import {
  decodeAnswer,
  decodeClaim,
  decodeConfirm,
  decodeHello,
  decodeReject,
  decodeWait,
  encodeAnswer,
  encodeClaim,
  encodeConfirmBody,
  encodeHello,
  encodeReject,
  encodeWait,
  MessageKind,
  RejectReason,
} from '../../../src/protocol/handshake/message.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const list = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 8 });
const claimId = bytes(16);
const share = bytes(32);
const associatedData = fc.uint8Array({ maxLength: 63 });

const decoders: [string, (message: Uint8Array) => unknown, number][] = [
  ['hello', decodeHello, MessageKind.hello],
  ['claim', decodeClaim, MessageKind.claim],
  ['answer', decodeAnswer, MessageKind.answer],
  [
    "receiver's confirm",
    (message) => decodeConfirm(message, MessageKind.receiverConfirm),
    MessageKind.receiverConfirm,
  ],
  [
    "sender's confirm",
    (message) => decodeConfirm(message, MessageKind.senderConfirm),
    MessageKind.senderConfirm,
  ],
  ['reject', decodeReject, MessageKind.reject],
  ['wait', decodeWait, MessageKind.wait],
  ['offer', decodeOffer, 8],
  ['choice', decodeChoice, 6],
];

describe('handshake messages', () => {
  it('are read back as they were written, whatever a later version puts behind them', () => {
    const hello = fc.record({ versions: list, suites: list, nonce: bytes(16) });
    const version = fc.integer({ min: 0, max: 255 });
    const claim = fc.record({ version, claimId, nonce: bytes(16), share, associatedData });
    const answer = fc.record({ claimId, share, associatedData });
    const reason = fc.constantFrom(...Object.values(RejectReason));
    const more = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(hello, claim, answer, reason, more, (h, a, b, why, tail) => {
        const later = (message: Uint8Array) => Buffer.concat([message, tail]);
        const reject = { claimId: a.claimId, reason: why };
        expect(plain(decodeHello(later(encodeHello(h))))).toEqual(plain(h));
        expect(plain(decodeClaim(later(encodeClaim(a))))).toEqual(plain(a));
        expect(plain(decodeAnswer(later(encodeAnswer(b))))).toEqual(plain(b));
        expect(plain(decodeReject(later(encodeReject(reject))))).toEqual(plain(reject));
        const wait = { claimId: a.claimId };
        expect(plain(decodeWait(later(encodeWait(a.claimId))))).toEqual(plain(wait));
      }),
    );
  });

  it('keep the tag of a confirmation at the very end', () => {
    const box = fc.uint8Array({ maxLength: 716 });
    const kind = fc.constantFrom(MessageKind.receiverConfirm, MessageKind.senderConfirm);
    fc.assert(
      fc.property(claimId, box, bytes(32), kind, (id, sealed, tag, letter) => {
        const body = encodeConfirmBody(letter, { claimId: id, box: sealed });
        const decoded = decodeConfirm(Buffer.concat([body, tag]), letter);
        expect(plain(decoded)).toEqual(plain({ claimId: id, box: sealed, body, tag }));
      }),
    );
  });

  it('carry offers and choices under their roles, and neither can stand for the other', () => {
    const offer = encodeOffer({ versions: [1], suites: [2, 1] });
    const choice = encodeChoice({ version: 1, suite: 2 });
    expect(decodeOffer(offer)).toEqual({ versions: [1], suites: [2, 1] });
    expect(decodeChoice(choice)).toEqual({ version: 1, suite: 2 });
    expect(decodeChoice(offer)).toBeUndefined();
    expect(decodeOffer(choice)).toBeUndefined();
  });

  it.each([
    ['a reason that is none', () => decodeReject(Uint8Array.of(0x52, ...Array(16).fill(0), 9))],
    ['a hello over 256 bytes', () => decodeHello(helloOf(257))],
    ['a list of nine', () => decodeHello(Uint8Array.of(0x48, 9, ...Array(40).fill(1)))],
    ['anything over 1,000 bytes', () => decodeClaim(claimOf(1_001))],
    ['an empty message', () => decodeClaim(new Uint8Array(0))],
  ])('are refused: %s', (_, decode) => {
    expect(decode()).toBeUndefined();
    expect(decodeHello(helloOf(256))).toBeDefined();
    expect(decodeClaim(claimOf(1_000))).toBeDefined();
  });
});

describe.each(decoders)('the decoder of a %s', (_, decode, kind) => {
  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_200 }), fc.boolean(), (input, right) => {
        const message = right ? Uint8Array.of(kind, ...input) : input;
        expect(() => decode(message)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});

function helloOf(length: number): Uint8Array {
  const message = new Uint8Array(length);
  message.set(encodeHello({ versions: [1], suites: [1, 2], nonce: new Uint8Array(16) }));
  return message;
}

function claimOf(length: number): Uint8Array {
  const message = new Uint8Array(length);
  const none = new Uint8Array(0);
  const [id, secret] = [new Uint8Array(16), new Uint8Array(32)];
  message.set(
    encodeClaim({ version: 1, claimId: id, nonce: id, share: secret, associatedData: none }),
  );
  return message;
}

/** Buffers and arrays of bytes alike, as text. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_, entry) => {
    if (entry instanceof Uint8Array) return Buffer.from(entry).toString('hex');
    return entry?.type === 'Buffer' ? Buffer.from(entry.data).toString('hex') : entry;
  });
}
