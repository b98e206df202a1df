import { describe, expect, it } from 'vitest';
import { AEAD_TAG_BYTES, type Aead, type Crypto } from '../../../src/protocol/ports.ts';
import { type Instant, instant } from '../../../src/protocol/time.ts';
import { crypto } from './record-end.ts';
import { talkativePeer } from './talkative-peer.ts';

/** Neither hides nor checks anything, but is fast enough for a quarter of a million packets. */
const plain: Aead = {
  sealInto: () => undefined,
  openInto: (_nonce, sealed) => sealed.subarray(0, sealed.length - AEAD_TAG_BYTES),
  seal: (_nonce, _aad, pieces) => [...pieces, new Uint8Array(AEAD_TAG_BYTES)],
  open: (_nonce, _aad, sealed) => sealed.subarray(0, sealed.length - AEAD_TAG_BYTES),
};
const noCrypto: Crypto = { ...crypto, aead: () => plain };

describe('a peer that has the keys and does not keep to the rules', () => {
  it('is caught when it acknowledges what was not sent yet', () => {
    const peer = talkativePeer();
    const sent = peer.sent(peer.now);
    peer.ack(sent + 1, instant(peer.now + 50));
    expect(peer.connection.pollEvent()).toMatchObject({ kind: 'closed', by: 'self', code: 1 });
    // The CLOSE, and nothing else ever.
    expect(peer.sent(instant(peer.now + 51))).toBe(1);
  });

  it('is caught within 1,500 packets when it acknowledges without receiving', () => {
    const peer = talkativePeer();
    let next = peer.sent(peer.now);
    let now: Instant = peer.now;
    while (peer.connection.pollEvent() === undefined && next < 3000) {
      now = instant(now + 50);
      // It counts packets without reading them, so it acknowledges the skipped number as well.
      peer.ack(next, now);
      next += peer.sent(now);
    }
    expect(next).toBeLessThan(1500);
  });

  it('is cut off for a frame that is not well-formed', () => {
    const peer = talkativePeer();
    peer.control(new Uint8Array([0x7f]), peer.now);
    expect(peer.connection.pollEvent()).toMatchObject({ reason: 'malformed frame' });
  });

  it('is cut off when it talks for ever and acknowledges nothing', () => {
    const peer = talkativePeer(Infinity, noCrypto);
    peer.sent(peer.now);
    // Each ping is answered with an ACK, and none of those is acknowledged in turn.
    const pings = 2 ** 18;
    let now: Instant = peer.now;
    for (let i = 0; i < pings && peer.connection.pollEvent() === undefined; i += 1) {
      now = instant(now + 6);
      peer.ping(now);
      peer.connection.handleTimeout(now);
      peer.sent(now);
    }
    expect(peer.sent(instant(now + 1000))).toBe(0);
    for (let i = 0; i < 3000; i += 1) {
      now = instant(now + 200);
      peer.ping(now);
      expect(peer.sent(now)).toBeLessThanOrEqual(1);
    }
  });
});
