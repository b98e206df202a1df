import { describe, expect, it } from 'vitest';
import { RendezvousServer } from '../../../src/protocol/rendezvous/rendezvous-server.ts';
import {
  encodeBind,
  encodeClaim,
  encodeClose,
  encodeObserve,
  encodePost,
  encodeRefresh,
  encodeRegister,
} from '../../../src/protocol/rendezvous/requests.ts';
import type { ServerLimits } from '../../../src/protocol/rendezvous/server-limits.ts';
import { type Instant, instant } from '../../../src/protocol/time.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { ask, askOnce, claim, post, register, TXID } from './asking.ts';
import { checksummed } from './checksummed.ts';
import { bytes, crypto, GUEST, HOST } from './parties.ts';

const start = instant(1_000_000);
const later = (ms: number): Instant => instant(start + ms);
const NO_TOKEN = { txid: TXID, token: bytes(16, 0) };

function newServer(limits: Partial<ServerLimits> = {}): RendezvousServer {
  const options = { crypto, random: new SeededRandom(3), limits, allowWantedNameplates: true };
  return new RendezvousServer(options, start);
}

function at(index: number, port = 5000) {
  return { address: `198.18.${index >> 8}.${index & 0xff}`, port };
}

/** Every request at its smallest, as a forger would send it. */
const SMALLEST = (head: typeof NO_TOKEN) => {
  const secret = bytes(16, 1);
  const claimId = bytes(16, 1);
  const none = bytes(0, 0);
  return {
    register: encodeRegister(head, { ownerSecret: secret, wanted: 9, isOpen: false, hello: none }),
    claim: encodeClaim(head, { nameplate: 9, claimId, claimSecret: secret }),
    refresh: encodeRefresh(head, { nameplate: 9, ownerSecret: secret }),
    post: encodePost(head, { nameplate: 9, claimId, secret, body: none }),
    bind: encodeBind(head, {
      nameplate: 9,
      claimId,
      secret,
      relayToken: secret,
      connectionId: bytes(8, 1),
    }),
    close: encodeClose(head, { nameplate: 9, secret, outcome: 'happy' }),
    observe: encodeObserve(head, { replyFrom: 'asked' }),
  };
};

describe('amplification', () => {
  it.each(Object.entries(SMALLEST(NO_TOKEN)))(
    'answers %s from an unproven address with a smaller CHALLENGE and remembers nothing',
    (_, packet) => {
      const server = newServer();
      const sent = askOnce(server, packet, HOST, start);
      expect(sent.map(({ to, reply }) => [to, reply?.kind])).toEqual([[HOST, 'challenge']]);
      expect(sent[0]?.payload.length).toBe(58);
      expect(packet.length).toBeGreaterThanOrEqual(64);
      expect(server.counters.live).toEqual({ registrations: 0, claims: 0, relays: 0 });
      expect(server.pollTimeout()).toBeUndefined();
    },
  );

  it('never sends more than it got, whatever is asked with a good token', () => {
    const server = newServer();
    ask(server, register(2, 9), GUEST, start);
    const [first] = askOnce(server, SMALLEST(NO_TOKEN).claim, HOST, start);
    const token = first?.reply?.kind === 'challenge' ? first.reply.token : bytes(16, 0);
    for (const packet of Object.values(SMALLEST({ txid: TXID, token }))) {
      const sent = askOnce(server, packet, HOST, start);
      const total = sent.reduce((sum, { payload }) => sum + payload.length, 0);
      expect(total).toBeGreaterThan(0);
      expect(total).toBeLessThanOrEqual(packet.length);
    }
  });

  it('gives the largest hello for the smallest CLAIM, and it is still smaller', () => {
    const server = newServer();
    ask(server, register(2, 9), HOST, start);
    expect(ask(server, claim(9, 1), GUEST, start)).toMatchObject({ hello: bytes(256, 3) });
    const { bytesIn, bytesOut } = server.counters;
    expect(bytesOut).toBeLessThan(bytesIn);
  });

  it('forwards a body in fewer bytes than it came in, and only to a proven address', () => {
    const server = newServer();
    ask(server, register(2, 9), HOST, start);
    ask(server, claim(9, 1), GUEST, start);
    const before = server.counters;
    expect(ask(server, post(9, 1, 1), GUEST, start)).toBeUndefined();
    const { bytesIn, bytesOut, packetsOut } = server.counters;
    expect(packetsOut - before.packetsOut).toBe(2);
    expect(bytesOut - before.bytesOut).toBeLessThan(bytesIn - before.bytesIn);
  });

  it('answers at most 50 unproven requests a second of one source', () => {
    const server = newServer();
    const packet = SMALLEST(NO_TOKEN).refresh;
    const count = (now: Instant) =>
      Array.from({ length: 100 }, () => askOnce(server, packet, HOST, now)).flat().length;
    expect(count(start)).toBe(50);
    expect(count(later(500))).toBe(25);
    expect(askOnce(server, packet, GUEST, later(500))).toHaveLength(1);
    expect(server.counters.drops['challenge-rate']).toBe(125);
  });

  it('answers a limited number of unproven requests of all sources together', () => {
    const server = newServer({ challengeRateTotal: { perMinute: 60, burst: 5 } });
    const packet = SMALLEST(NO_TOKEN).refresh;
    const sent = Array.from({ length: 50 }, (_, i) => askOnce(server, packet, at(i), start));
    expect(sent.flat()).toHaveLength(5);
  });
});

describe('what the server makes of its input', () => {
  it('takes several coalesced requests in one batch', () => {
    const server = newServer();
    const { refresh, claim: claiming } = SMALLEST(NO_TOKEN);
    const batch = Buffer.concat([refresh, claiming, refresh]);
    expect(askOnce(server, batch, HOST, start)).toHaveLength(3);
  });

  it('says that a version is not its own, in fewer bytes', () => {
    const server = newServer();
    const packet = SMALLEST(NO_TOKEN).refresh.slice();
    packet[23] = 2;
    const [sent] = askOnce(server, checksummed(packet), HOST, start);
    expect(sent?.reply).toEqual({ kind: 'error', refusal: 'version', spoken: 1 });
    expect(sent?.payload).toHaveLength(25);
  });

  it('drops and counts everything else in silence', () => {
    const server = newServer();
    const silent = (packet: Uint8Array) => askOnce(server, packet, HOST, start);
    expect(silent(bytes(5, 0))).toEqual([]);
    expect(silent(bytes(64, 0xff))).toEqual([]);
    const reply = checksummed(Buffer.from('00000000000000001e0017010203040506070800000000', 'hex'));
    expect(silent(reply)).toEqual([]);
    const { refresh } = SMALLEST(NO_TOKEN);
    expect(askOnce(server, refresh, { address: '192.0.2.1', port: 0 }, start)).toEqual([]);
    expect(server.counters.drops).toMatchObject({ malformed: 3, 'no-request': 1 });
  });

  it('never throws on random batches', () => {
    const server = newServer();
    const random = new SeededRandom(99);
    const packets = Object.values(SMALLEST(NO_TOKEN));
    for (let i = 0; i < 3000; i += 1) {
      const packet = (packets[random.integer(packets.length)] as Uint8Array).slice();
      for (let n = random.integer(4); n > 0; n -= 1) {
        packet[random.integer(packet.length)] = random.integer(256);
      }
      server.handleBatch(checksummed(packet), at(random.integer(5)), later(i * 10));
      while (server.pollTransmit());
    }
    expect(server.counters.packetsIn).toBeGreaterThan(1000);
  });
});

describe('address tokens', () => {
  const challenge = (server: RendezvousServer, now: Instant) => {
    const reply = askOnce(server, SMALLEST(NO_TOKEN).refresh, HOST, now)[0]?.reply;
    return reply?.kind === 'challenge' ? reply.token : bytes(16, 0);
  };
  const isAccepted = (server: RendezvousServer, token: Uint8Array, from: typeof HOST, ms: number) =>
    askOnce(server, SMALLEST({ txid: TXID, token }).refresh, from, later(ms))[0]?.reply?.kind ===
    'error';

  it('are good for the rest of their generation and the next one', () => {
    const server = newServer();
    const token = challenge(server, later(60_000));
    expect(isAccepted(server, token, HOST, 119_999)).toBe(true);
    expect(isAccepted(server, token, HOST, 239_999)).toBe(true);
    expect(isAccepted(server, token, HOST, 240_000)).toBe(false);
  });

  it('are void when nobody asked for several generations', () => {
    const server = newServer();
    const token = challenge(server, start);
    // 256 generations on, the byte in front is the same again, the key is not.
    expect(isAccepted(server, token, HOST, 256 * 120_000)).toBe(false);
  });

  it('are good for one address and one port only', () => {
    const server = newServer();
    const token = challenge(server, start);
    expect(isAccepted(server, token, { ...HOST, port: 5003 }, 0)).toBe(false);
    expect(isAccepted(server, token, GUEST, 0)).toBe(false);
    const altered = token.slice();
    altered[15] = (altered[15] as number) ^ 1;
    expect(isAccepted(server, altered, HOST, 0)).toBe(false);
    expect(isAccepted(server, token, HOST, 0)).toBe(true);
  });
});
