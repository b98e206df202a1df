import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import { decodeReject } from '../../../src/protocol/handshake/message.ts';
import { SenderHandshake } from '../../../src/protocol/handshake/sender-handshake.ts';
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
  sender,
  senderEvents,
  start,
  suites,
  wrongCode,
} from './fixture.ts';

const [mismatch, used] = [1, 2];
const almost = after(start, millis(4999));
const doubted = after(start, millis(5000));

describe('while the winner of a code is not heard', () => {
  it('others who know the words are left in suspense, and then tried', () => {
    const { s, winner } = won();
    const other = receiver(s.hello, { seed: 'other' });
    exchange(s, other);
    expect(post(s, other, almost)).toBeUndefined();
    exchange(s, other, doubted);
    expect(established(receiverEvents(other.handshake))).toBeDefined();
    expect(senderEvents(s)).toMatchObject([{ kind: 'established', claimId: other.claimId }]);
    expect(reason(post(s, winner))).toBe(used);
  });

  it('nobody with wrong words takes its place', () => {
    const { s, winner } = won();
    const guesser = receiver(s.hello, { seed: 'guesser', code: wrongCode });
    exchange(s, guesser);
    expect(reason(post(s, guesser, doubted))).toBe(mismatch);
    expect(senderEvents(s)).toMatchObject([{ kind: 'attempt-failed', used: 1 }]);
    expect(post(s, winner, doubted)?.[0]).toBe(0x44);
  });

  it('its own repeats are answered as ever', () => {
    const { s, winner } = won();
    expect(post(s, winner, doubted)?.[0]).toBe(0x44);
  });
});

describe('when the winner of a code is heard', () => {
  it('the code is used up, also for those in suspense', () => {
    const { s } = won();
    const other = receiver(s.hello, { seed: 'other' });
    exchange(s, other);
    s.settle();
    expect(reason(post(s, other, doubted))).toBe(used);
    expect(reason(post(s, receiver(s.hello, { seed: 'late' }), doubted))).toBe(used);
  });
});

describe('a sender that was started again', () => {
  it('counts the attempts of its earlier processes', () => {
    const random = seededRandom('restarted');
    const box = (): Uint8Array => new Uint8Array(1);
    const crypto = createCrypto(random);
    const s = new SenderHandshake({ crypto, random, suites, box, failedBefore: 2 });
    s.arm(code);
    const guesser = receiver(s.hello, { code: wrongCode });
    for (const _ of [1, 2]) exchange(s, guesser);
    expect(receiverEvents(guesser.handshake).at(-1)).toMatchObject({ code: 'P2P_CODE_BURNT' });
    expect(senderEvents(s)).toEqual([
      { kind: 'attempt-failed', used: 3, allowed: 3 },
      { kind: 'burnt' },
    ]);
  });
});

/** A sender that has been shown the words, and by whom. */
function won(): { readonly s: SenderHandshake; readonly winner: Party } {
  const s = sender();
  const winner = receiver(s.hello);
  for (const _ of [1, 2]) exchange(s, winner);
  expect(senderEvents(s)).toHaveLength(1);
  return { s, winner };
}

function reason(answer: Uint8Array | undefined): number | undefined {
  return answer && decodeReject(answer)?.reason;
}
