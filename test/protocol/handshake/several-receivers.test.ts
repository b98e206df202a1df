import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import { decodeReject } from '../../../src/protocol/handshake/message.ts';
import { limits, SenderHandshake } from '../../../src/protocol/handshake/sender-handshake.ts';
import { after, millis } from '../../../src/protocol/time.ts';
import {
  code,
  established,
  exchange,
  type Party,
  post,
  receiver,
  receiverEvents,
  seededRandom,
  senderEvents,
  start,
  suites,
  wrongCode,
} from './fixture.ts';

const PROOF = 0x44;

describe('a code for several receivers', () => {
  it('lets each of them in, with keys of its own', () => {
    const s = senderTo(3);
    const parties = ['one', 'two', 'three'].map((seed) => receiver(s.hello, { seed }));
    for (const _ of [1, 2]) for (const party of parties) exchange(s, party);
    const secrets = parties.map(({ handshake }) => secretOf(receiverEvents(handshake)));
    expect(senderEvents(s).map((event) => secretOf([event]))).toEqual(secrets);
    expect(new Set(secrets).size).toBe(3);
  });

  it('has the next wait while there is no place, and lets it in when there is', () => {
    const s = senderTo(2);
    for (const seed of ['one', 'two']) comeIn(s, receiver(s.hello, { seed }));
    const next = receiver(s.hello, { seed: 'next' });
    for (const _ of [1, 2]) exchange(s, next);
    expect(receiverEvents(next.handshake)).toEqual([{ kind: 'queued' }, { kind: 'queued' }]);
    s.makeRoom(start);
    comeIn(s, next);
    expect(established(receiverEvents(next.handshake))).toBeDefined();
  });

  it('counts nobody as failed who had to wait for a place', () => {
    const s = senderTo(2);
    comeIn(s, receiver(s.hello, { seed: 'one' }));
    const waiting = receiver(s.hello, { seed: 'waiting' });
    exchange(s, waiting);
    comeIn(s, receiver(s.hello, { seed: 'two' }));
    senderEvents(s);
    receiverEvents(waiting.handshake);
    exchange(s, waiting);
    expect(receiverEvents(waiting.handshake)).toEqual([{ kind: 'queued' }]);
    const later = after(start, millis(2 * limits.attemptLife));
    s.handleTimeout(later);
    expect([senderEvents(s), s.pollTimeout()]).toEqual([[], undefined]);
    s.makeRoom(later);
    exchange(s, waiting, later);
    expect(established(receiverEvents(waiting.handshake))).toBeDefined();
  });

  it('repeats its proof to one that missed it, when others have come since', () => {
    const s = senderTo(20);
    const first = receiver(s.hello, { seed: 'first' });
    comeIn(s, first);
    const proof = post(s, first);
    for (let i = 1; i < limits.remembered; i += 1) comeIn(s, receiver(s.hello, { seed: `${i}` }));
    expect(proof?.[0]).toBe(PROOF);
    expect(post(s, first)).toEqual(proof);
    comeIn(s, receiver(s.hello, { seed: 'one too many' }));
    expect(post(s, first)).toBeUndefined();
  });
});

describe('the tries at a code for several receivers', () => {
  it('are three for each of them', () => {
    const s = senderTo(2);
    for (let i = 0; i < 6; i += 1) {
      const guesser = receiver(s.hello, { seed: `guesser ${i}`, code: wrongCode });
      for (const _ of [1, 2]) exchange(s, guesser);
    }
    expect(senderEvents(s)).toEqual([
      ...[1, 2, 3, 4, 5, 6].map((used) => ({ kind: 'attempt-failed', used, allowed: 6 })),
      { kind: 'burnt' },
    ]);
    expect(decodeReject(post(s, receiver(s.hello)) ?? new Uint8Array())?.reason).toBe(3);
  });

  it('are a hundred at most, however many may come', () => {
    const s = senderTo(Number.POSITIVE_INFINITY);
    const guesser = receiver(s.hello, { code: wrongCode });
    for (const _ of [1, 2]) exchange(s, guesser);
    expect(senderEvents(s)).toEqual([{ kind: 'attempt-failed', used: 1, allowed: 100 }]);
  });

  it('are answered three at a time, until they have proved anything', () => {
    const s = senderTo(Number.POSITIVE_INFINITY);
    const answered = [1, 2, 3, 4].map((i) => post(s, receiver(s.hello, { seed: `${i}` })));
    expect(answered.map((answer) => answer !== undefined)).toEqual([true, true, true, false]);
  });
});

function senderTo(receivers: number): SenderHandshake {
  const random = seededRandom('sender of several');
  const box = (): Uint8Array => new Uint8Array(1);
  const crypto = createCrypto(random);
  const s = new SenderHandshake({ crypto, random, suites, box, receivers });
  s.arm(code);
  return s;
}

function comeIn(s: SenderHandshake, party: Party): void {
  for (const _ of [1, 2]) exchange(s, party);
}

function secretOf(events: Parameters<typeof established>[0]): string {
  const event = established(events) as { keys: { resumeSecret: Uint8Array } } | undefined;
  return Buffer.from(event?.keys.resumeSecret ?? []).toString('hex');
}
