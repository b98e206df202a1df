import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import { encodeChoice } from '../../../src/protocol/handshake/associated-data.ts';
import { encodeAnswer, encodeHello } from '../../../src/protocol/handshake/message.ts';
import { reunion } from '../../../src/protocol/handshake/resume-code.ts';
import { CipherSuite } from '../../../src/protocol/ports.ts';
import { DERIVED_NAMEPLATES_FROM } from '../../../src/protocol/rendezvous/nameplates.ts';
import draft from '../../vectors/cpace-x25519-sha512.json' with { type: 'json' };
import {
  established,
  exchange,
  flipped,
  hex,
  post,
  receiver,
  receiverEvents,
  sender,
  senderEvents,
  start,
  suites,
  wrongCode,
} from './fixture.ts';

const { aes256Gcm, aes256Ocb, chacha20Poly1305 } = CipherSuite;

describe('a handshake between two who know the words', () => {
  it('gives both the same keys, mirrored, and the box of the other', () => {
    const s = sender();
    const r = receiver(s.hello);
    exchange(s, r);
    expect(receiverEvents(r.handshake)).toEqual([{ kind: 'message' }]);
    exchange(s, r);
    const atSender = established(senderEvents(s));
    const atReceiver = established(receiverEvents(r.handshake));
    expect(hex(atSender?.claimId)).toBe(hex(r.claimId));
    expect(Buffer.from(atSender?.box ?? []).toString()).toBe('box of the receiver');
    expect(Buffer.from(atReceiver?.box ?? []).toString()).toBe('box of the sender');
    const { send, receive, ...common } = atSender?.keys ?? {};
    expect(atReceiver?.keys).toEqual({ ...common, send: receive, receive: send });
    expect(s.pollTimeout()).toBeUndefined();
  });

  it('gives every key its own bytes and its length', () => {
    const { keys } = run() ?? {};
    const directions = [keys?.send, keys?.receive].flatMap((direction) =>
      Object.values(direction ?? {}),
    ) as Uint8Array[];
    const lengths = [8, 32, 32, 16, 32, 32];
    expect(directions.map(({ length }) => length)).toEqual([...lengths, ...lengths]);
    const all = [...directions, keys?.relayToken, keys?.verifier, keys?.resumeSecret];
    expect(all.slice(-3).map((bytes) => bytes?.length)).toEqual([16, 8, 32]);
    // Compared by their first eight bytes, so that no key is the beginning of another either.
    expect(new Set(all.map((bytes) => hex(bytes).slice(0, 16))).size).toBe(15);
  });

  it('gives other keys in every run', () => {
    expect(hex(run('one')?.keys.resumeSecret)).not.toBe(hex(run('two')?.keys.resumeSecret));
  });

  it.each([
    [[aes256Gcm, chacha20Poly1305], [aes256Gcm, chacha20Poly1305], aes256Gcm],
    [[aes256Gcm, chacha20Poly1305], [chacha20Poly1305, aes256Gcm], chacha20Poly1305],
    [[chacha20Poly1305, aes256Gcm], [aes256Gcm, chacha20Poly1305], chacha20Poly1305],
    [[chacha20Poly1305, aes256Gcm], [aes256Gcm], aes256Gcm],
    [[aes256Gcm], [chacha20Poly1305, aes256Gcm], aes256Gcm],
    [[aes256Ocb, aes256Gcm, chacha20Poly1305], [aes256Gcm, chacha20Poly1305], aes256Gcm],
    [[aes256Gcm, chacha20Poly1305], [aes256Ocb, aes256Gcm, chacha20Poly1305], aes256Gcm],
    [[aes256Ocb, aes256Gcm, chacha20Poly1305], [aes256Gcm, aes256Ocb], aes256Ocb],
    [[aes256Ocb, aes256Gcm, chacha20Poly1305], [chacha20Poly1305, aes256Ocb], chacha20Poly1305],
  ])(
    'of a sender that prefers %j and a receiver that prefers %j uses suite %i',
    (ours, theirs, suite) => {
      const s = sender('sender', ours);
      const r = receiver(s.hello, { suites: theirs });
      exchange(s, r);
      exchange(s, r);
      expect(established(senderEvents(s))?.keys.suite).toBe(suite);
      expect(established(receiverEvents(r.handshake))?.keys.suite).toBe(suite);
    },
  );

  it('keeps its messages small', () => {
    const s = sender();
    const r = receiver(s.hello);
    expect(s.hello).toHaveLength(22);
    expect(r.handshake.message).toHaveLength(82);
    expect(post(s, r)).toHaveLength(62);
    exchange(s, r);
    expect(r.handshake.message.length).toBe(1 + 16 + 1 + ('box of the receiver'.length + 16) + 32);
  });
});

describe('a handshake in which the words differ', () => {
  it('fails on both sides and costs an attempt', () => {
    const s = sender();
    const r = receiver(s.hello, { code: wrongCode });
    exchange(s, r);
    exchange(s, r);
    expect(senderEvents(s)).toEqual([{ kind: 'attempt-failed', used: 1, allowed: 3 }]);
    expect(receiverEvents(r.handshake)).toEqual([
      { kind: 'message' },
      { kind: 'failed', code: 'P2P_CODE_MISMATCH' },
    ]);
  });

  it('fails the same way when only the nameplate differs', () => {
    const s = sender('sender', suites, { ...wrongCode, nameplate: 48_214 });
    const r = receiver(s.hello, { code: wrongCode });
    exchange(s, r);
    exchange(s, r);
    expect(established(senderEvents(s))).toBeUndefined();
    expect(established(receiverEvents(r.handshake))).toBeUndefined();
  });
});

describe('changing any one byte', () => {
  const lengths = (() => {
    const s = sender();
    const r = receiver(s.hello);
    const a = r.handshake.message;
    const b = post(s, r) as Uint8Array;
    r.handshake.handleMessage(b, start);
    const c = r.handshake.message;
    return { h: s.hello.length, a: a.length, b: b.length, c: c.length, d: post(s, r)?.length ?? 0 };
  })();

  it.each(Object.entries(lengths))(
    'of %s leaves whoever got it without a session',
    (name, length) => {
      for (let index = 0; index < length; index += 1) {
        const outcome = tampered(name, index, 1 << (index % 8));
        expect(outcome.receiver, `byte ${index} of ${name}`).toBeUndefined();
        // D is the last message: the sender has proven the receiver's knowledge before it leaves.
        if (name !== 'd') expect(outcome.sender, `byte ${index} of ${name}`).toBeUndefined();
      }
    },
  );

  it.each(['c', 'd'])('and adding one to %s is seen as well', (name) => {
    expect(tampered(name, -1, 0).receiver).toBeUndefined();
  });
});

describe('a receiver', () => {
  it.each([
    ['its own share', (r: Uint8Array) => r.slice(34, 66), 'P2P_PROTOCOL'],
    ['a share of low order', () => bytesOf(draft.X25519_points['Invalid Y3']), 'P2P_PROTOCOL'],
    ['the zero share', () => new Uint8Array(32), 'P2P_PROTOCOL'],
  ])('fails when it is answered with %s', (_, share, failure) => {
    const r = receiver(sender().hello);
    const associatedData = encodeChoice({ version: 1, suite: aes256Gcm });
    const answer = { claimId: r.claimId, share: share(r.handshake.message), associatedData };
    r.handshake.handleMessage(encodeAnswer(answer), start);
    expect(receiverEvents(r.handshake)).toEqual([{ kind: 'failed', code: failure }]);
  });

  it.each([
    ['a version', { version: 2, suite: aes256Gcm }],
    ['a suite', { version: 1, suite: chacha20Poly1305 }],
  ])('fails when %s is chosen that it did not offer', (_, choice) => {
    const r = receiver(sender().hello, { suites: [aes256Gcm] });
    const share = bytesOf(draft.G_25519.Yb);
    const associatedData = encodeChoice(choice);
    r.handshake.handleMessage(encodeAnswer({ claimId: r.claimId, share, associatedData }), start);
    expect(receiverEvents(r.handshake)).toEqual([{ kind: 'failed', code: 'P2P_VERSION_MISMATCH' }]);
  });

  it.each([
    [
      'a sender of newer versions only',
      { versions: [7, 9], suites: [1, 2] },
      'P2P_RECEIVER_OUTDATED',
    ],
    ['a sender of older versions only', { versions: [0], suites: [1, 2] }, 'P2P_SENDER_OUTDATED'],
    ['a sender of no version', { versions: [], suites: [1, 2] }, 'P2P_VERSION_MISMATCH'],
    ['no suite in common', { versions: [1], suites: [9] }, 'P2P_VERSION_MISMATCH'],
  ])('fails and posts nothing when the hello has %s', (_, lists, failure) => {
    const r = receiver(encodeHello({ ...lists, nonce: new Uint8Array(16) }));
    expect(r.handshake.message).toHaveLength(0);
    expect(receiverEvents(r.handshake)).toEqual([{ kind: 'failed', code: failure }]);
  });
});

describe('a receiver that is played with', () => {
  it('fails when the hello echoes its own nonce', () => {
    const nonce = receiver(sender().hello).handshake.message.slice(18, 34);
    const mirror = receiver(encodeHello({ versions: [1], suites: [1, 2], nonce }));
    // The same seed draws the same nonce.
    expect(mirror.handshake.message).toHaveLength(0);
    expect(receiverEvents(mirror.handshake)).toEqual([{ kind: 'failed', code: 'P2P_PROTOCOL' }]);
  });

  it('drops its own messages, noise and what is meant for another claim', () => {
    const s = sender();
    const r = receiver(s.hello);
    const other = receiver(s.hello, { seed: 'other' });
    const before = r.handshake.message;
    const answerToOther = post(s, other) as Uint8Array;
    for (const noise of [
      before,
      s.hello,
      answerToOther,
      new Uint8Array(0),
      new Uint8Array(2_000),
    ]) {
      r.handshake.handleMessage(noise, start);
    }
    expect(r.handshake.message).toBe(before);
    expect(receiverEvents(r.handshake)).toEqual([]);
    exchange(s, r);
    exchange(s, r);
    expect(established(receiverEvents(r.handshake))).toBeDefined();
  });

  it('says once what it has to say, however often answers are repeated', () => {
    const s = sender();
    const r = receiver(s.hello);
    const b = post(s, r) as Uint8Array;
    r.handshake.handleMessage(b, start);
    const c = r.handshake.message;
    r.handshake.handleMessage(b, start);
    expect(r.handshake.message).toBe(c);
    const d = post(s, r) as Uint8Array;
    r.handshake.handleMessage(d, start);
    r.handshake.handleMessage(d, start);
    const kinds = receiverEvents(r.handshake).map(({ kind }) => kind);
    expect(kinds).toEqual(['message', 'established']);
  });
});

describe('meeting again', () => {
  for (const past of ['restarted', 'running', 'running again'] as const) {
    it(`works with the resume secret in place of the words (${past})`, () => {
      const crypto = createCrypto();
      const first = run();
      const { code } = reunion(crypto, first?.keys.resumeSecret as Uint8Array, past);
      const s = sender('later sender', suites, code);
      const r = receiver(s.hello, { seed: 'later receiver', code });
      exchange(s, r);
      exchange(s, r);
      expect(established(senderEvents(s))).toBeDefined();
      expect(established(receiverEvents(r.handshake))).toBeDefined();
    });
  }

  it('keeps a sender that ran on from one that was started again', () => {
    const [one, other] = (['restarted', 'running'] as const).map((past) =>
      reunion(createCrypto(), new Uint8Array(32), past),
    );
    expect(one?.code.nameplate).not.toBe(other?.code.nameplate);
    expect(one?.code.words).not.toEqual(other?.code.words);
    expect(one?.ownerSecret).not.toEqual(other?.ownerSecret);
  });

  it('shows the server a number that is in no code, and nothing of the password', () => {
    const { code, ownerSecret } = reunion(createCrypto(), new Uint8Array(32), 'restarted');
    expect(code.nameplate).toBeGreaterThanOrEqual(DERIVED_NAMEPLATES_FROM);
    expect(code.nameplate).toBeLessThan(2 ** 32);
    expect(code.words.join()).toMatch(/^[0-9a-f]{64}$/);
    expect(code.words.join()).not.toContain(hex(ownerSecret));
  });
});

function run(seed = 'receiver') {
  const s = sender();
  const r = receiver(s.hello, { seed });
  exchange(s, r);
  exchange(s, r);
  return established(senderEvents(s));
}

/** A whole handshake in which one byte of one message was changed (or, at -1, one added). */
function tampered(name: string, index: number, bits: number) {
  const change = (message: string, bytes: Uint8Array): Uint8Array => {
    if (message !== name) return bytes;
    if (index >= 0) return flipped(bytes, index, bits);
    return Buffer.concat([bytes.subarray(0, -32), Uint8Array.of(0), bytes.subarray(-32)]);
  };
  const s = sender();
  const r = receiver(change('h', s.hello));
  const { handshake, claimId } = r;
  const b = s.handleMessage(claimId, change('a', handshake.message), start);
  if (b !== undefined) handshake.handleMessage(change('b', b), start);
  const d = s.handleMessage(claimId, change('c', handshake.message), start);
  if (d !== undefined) handshake.handleMessage(change('d', d), start);
  return {
    sender: established(senderEvents(s)),
    receiver: established(receiverEvents(handshake)),
  };
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
