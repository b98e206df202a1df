import { describe, expect, it } from 'vitest';
import { RendezvousServer } from '../../../src/protocol/rendezvous/rendezvous-server.ts';
import type { Reply } from '../../../src/protocol/rendezvous/replies.ts';
import { encodeObserve, type ReplySource } from '../../../src/protocol/rendezvous/requests.ts';
import type { ServerLimits } from '../../../src/protocol/rendezvous/server-limits.ts';
import { type Instant, instant } from '../../../src/protocol/time.ts';
import { type Endpoint, UNSPECIFIED } from '../../../src/protocol/wire/endpoint.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { ask, askOnce, claim, post, register, TXID } from './asking.ts';
import { checksummed } from './checksummed.ts';
import { bytes, crypto, GUEST, HOST } from './parties.ts';

const FIRST = { address: '203.0.113.1', port: 9420 };
const FIRST_ALTERNATE = { address: '203.0.113.1', port: 9421, base: 1 };
const SECOND = { address: '203.0.113.2', port: 9420, base: 2 };
const SECOND_ALTERNATE = { address: '203.0.113.2', port: 9421, base: 3 };
const FOUR: readonly Endpoint[] = [FIRST, FIRST_ALTERNATE, SECOND, SECOND_ALTERNATE];

function newServer(listeners = FOUR, limits: Partial<ServerLimits> = {}): RendezvousServer {
  const random = new SeededRandom(3);
  return new RendezvousServer(
    { crypto, random, listeners, limits, allowWantedNameplates: true },
    START,
  );
}

const START: Instant = instant(0);

/** Asks with a good token; yields what is sent and to whom, with the base by which it leaves. */
function observe(
  server: RendezvousServer,
  replyFrom: ReplySource,
  from: Endpoint = HOST,
  now = START,
): { to: Endpoint; reply: Reply | undefined }[] {
  const none = { txid: TXID, token: bytes(16, 0) };
  const [first] = askOnce(server, encodeObserve(none, { replyFrom }), from, now);
  if (first?.reply?.kind !== 'challenge') throw new Error('no challenge');
  const head = { txid: TXID, token: first.reply.token };
  const sent = askOnce(server, encodeObserve(head, { replyFrom }), from, now);
  return sent.map(({ to, reply }) => ({ to, reply }));
}

describe('a challenge', () => {
  it('tells the endpoint that it goes to: one round trip is enough to learn it', () => {
    const packet = encodeObserve({ txid: TXID, token: bytes(16, 0) }, { replyFrom: 'asked' });
    const [sent] = askOnce(newServer(), packet, HOST, START);
    expect(sent?.reply).toMatchObject({ kind: 'challenge', observed: HOST });
  });
});

describe('an OBSERVE', () => {
  it.each([64, 1200, 1472])('of %i bytes gets a small answer', (size) => {
    const server = newServer();
    const none = { txid: TXID, token: bytes(16, 0) };
    const question = encodeObserve(none, { replyFrom: 'asked' }, size);
    expect(question).toHaveLength(size);
    const [challenge] = askOnce(server, question, HOST, START);
    if (challenge?.reply?.kind !== 'challenge') throw new Error('no challenge');
    const head = { txid: TXID, token: challenge.reply.token };
    const again = encodeObserve(head, { replyFrom: 'asked' }, size);
    const [observed] = askOnce(server, again, HOST, START);
    expect(observed?.reply).toMatchObject({ kind: 'observed', observed: HOST });
    expect([challenge, observed].map((sent) => sent?.payload.length)).toEqual([58, 63]);
  });

  it('is answered with the source of the question and where else to ask', () => {
    expect(observe(newServer(), 'asked')).toEqual([
      {
        to: HOST,
        reply: {
          kind: 'observed',
          observed: HOST,
          alternatePort: 9421,
          alternateAddress: { address: '203.0.113.2', port: 9420 },
        },
      },
    ]);
  });

  it('is answered by the listener that was asked', () => {
    const from = { ...HOST, base: 3 };
    const [answer] = observe(newServer(), 'asked', from);
    expect(answer?.to).toEqual(from);
    expect(answer?.reply).toMatchObject({
      observed: { address: HOST.address, port: HOST.port },
      alternatePort: 9420,
      alternateAddress: { address: '203.0.113.1', port: 9420 },
    });
  });

  it.each<[ReplySource, Endpoint, number | undefined]>([
    ['other-port', HOST, 1],
    ['other-port', { ...HOST, base: 1 }, undefined],
    ['other-port', { ...HOST, base: 2 }, 3],
    ['other-address', HOST, 3],
    ['other-address', { ...HOST, base: 1 }, 2],
    ['other-address', { ...HOST, base: 2 }, 1],
    ['other-address', { ...HOST, base: 3 }, undefined],
  ])('asking for %s from %o is answered by base %s, to the asker', (replyFrom, from, base) => {
    const { address, port } = HOST;
    const sent = observe(newServer(), replyFrom, from);
    expect(sent.map(({ to }) => to)).toEqual([
      base === undefined ? { address, port } : { address, port, base },
    ]);
  });

  it('is answered with the same token at every listener', () => {
    const server = newServer();
    const none = { txid: TXID, token: bytes(16, 0) };
    const [first] = askOnce(server, encodeObserve(none, { replyFrom: 'asked' }), HOST, START);
    const token = first?.reply?.kind === 'challenge' ? first.reply.token : none.token;
    const packet = encodeObserve({ txid: TXID, token }, { replyFrom: 'asked' });
    const [second] = askOnce(server, packet, { ...HOST, base: 2 }, START);
    expect(second?.reply?.kind).toBe('observed');
  });
});

describe('an alternate', () => {
  it('that is not there answers nothing', () => {
    const server = newServer([FIRST]);
    expect(observe(server, 'other-port')).toEqual([]);
    expect(observe(server, 'other-address')).toEqual([]);
    expect(server.counters.drops['no-alternate']).toBe(2);
    expect(observe(server, 'asked')[0]?.reply).toMatchObject({
      alternatePort: 0,
      alternateAddress: UNSPECIFIED,
    });
  });

  it('is no other address beside one that stands for all', () => {
    const wildcard = newServer([{ ...FIRST, address: '0.0.0.0' }, SECOND]);
    expect(observe(wildcard, 'asked')[0]?.reply).toMatchObject({ alternateAddress: UNSPECIFIED });
    expect(observe(wildcard, 'asked', { ...HOST, base: 2 })[0]?.reply).toMatchObject({
      alternateAddress: UNSPECIFIED,
    });
  });

  it('is never of the other family', () => {
    const server = newServer([FIRST, { address: '2001:db8::2', port: 9421, base: 1 }]);
    expect(observe(server, 'other-address')).toEqual([]);
  });

  it('answers only so often for one source', () => {
    const server = newServer(FOUR, { alternateRate: { perMinute: 60, burst: 3 } });
    const count = (from: Endpoint, now: Instant) =>
      Array.from({ length: 5 }, () => observe(server, 'other-port', from, now)).flat().length;
    expect(count(HOST, START)).toBe(3);
    expect(server.counters.drops['alternate-rate']).toBe(2);
    expect(count(GUEST, START)).toBe(3);
    expect(count(HOST, instant(1000))).toBe(1);
  });

  it('that has no number is asked for in vain', () => {
    const server = newServer();
    const none = { txid: TXID, token: bytes(16, 0) };
    const [first] = askOnce(server, encodeObserve(none, { replyFrom: 'asked' }), HOST, START);
    const token = first?.reply?.kind === 'challenge' ? first.reply.token : none.token;
    const packet = encodeObserve({ txid: TXID, token }, { replyFrom: 'asked' });
    packet[40] = 7;
    expect(askOnce(server, checksummed(packet), HOST, START)).toEqual([]);
    expect(server.counters.drops.undecodable).toBe(1);
  });
});

describe('who came by another listener', () => {
  it('is delivered to by it', () => {
    const server = newServer();
    const host = { ...HOST, base: 2 };
    const guest = { ...GUEST, base: 1 };
    ask(server, register(2, 9), host, START);
    ask(server, claim(9, 1), guest, START);
    const none = { txid: TXID, token: bytes(16, 0) };
    const [first] = askOnce(server, post(9, 1, 1)(none), guest, START);
    const token = first?.reply?.kind === 'challenge' ? first.reply.token : none.token;
    const sent = askOnce(server, post(9, 1, 1)({ txid: TXID, token }), guest, START);
    expect(sent.map(({ to, reply }) => [to, reply?.kind])).toEqual([[host, 'deliver']]);
    expect(sent[0]?.reply).toMatchObject({ peer: GUEST });
  });
});
