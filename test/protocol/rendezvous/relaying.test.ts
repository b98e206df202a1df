import { describe, expect, it } from 'vitest';
import { RendezvousServer } from '../../../src/protocol/rendezvous/rendezvous-server.ts';
import { encodeClose, type RequestHead } from '../../../src/protocol/rendezvous/requests.ts';
import { type Instant, instant } from '../../../src/protocol/time.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { ask, askOnce, bind, claim, post, register } from './asking.ts';
import { bytes, crypto, GUEST, HOST } from './parties.ts';

const NAMEPLATE = 4711;
const OWNER_SECRET = 9;
const at = (ms: number): Instant => instant(ms);

function newServer(options: { relay?: boolean; allowPrivateRelay?: boolean } = {}) {
  const random = new SeededRandom(3);
  return new RendezvousServer({ crypto, random, allowWantedNameplates: true, ...options }, at(0));
}

/** A host and a guest that have met: claim 1, both secrets known. */
function met(options = {}): RendezvousServer {
  const server = newServer(options);
  ask(server, register(OWNER_SECRET, NAMEPLATE), HOST, at(0));
  ask(server, claim(NAMEPLATE, 1), GUEST, at(0));
  ask(server, post(NAMEPLATE, 1, OWNER_SECRET), HOST, at(0));
  return server;
}

const bindHost = (server: RendezvousServer, now = 0, from = HOST) =>
  ask(server, bind(NAMEPLATE, OWNER_SECRET, 0xaa), from, at(now));
const bindGuest = (server: RendezvousServer, now = 0, token = 5) =>
  ask(server, bind(NAMEPLATE, 1, 0xbb, { token }), GUEST, at(now));

/** A session packet for the guest. */
const SEALED = Buffer.concat([bytes(8, 0xbb), Buffer.from([0x40, 0, 100]), bytes(89, 1)]);

describe('the relay of a rendezvous server', () => {
  it('copies between the two sides of a claim once both are bound', () => {
    const server = met();
    expect(bindHost(server)).toEqual({ kind: 'bound', paired: false });
    expect(bindGuest(server)).toEqual({ kind: 'bound', paired: true });
    expect(bindHost(server)).toEqual({ kind: 'bound', paired: true });
    const [sent] = askOnce(server, SEALED, HOST, at(1));
    expect([sent?.to, Buffer.from(sent?.payload ?? [])]).toEqual([GUEST, SEALED]);
    expect(server.counters.relay).toMatchObject({ packets: 1, bytes: 100 });
  });

  it('tells packets and messages of one batch apart', () => {
    const server = met();
    bindHost(server);
    bindGuest(server);
    const request = bind(NAMEPLATE, 1, 0xbb)({ txid: bytes(8, 1), token: bytes(16, 0) });
    const sent = askOnce(server, Buffer.concat([SEALED, request, SEALED]), HOST, at(1));
    expect(sent.map(({ to, reply }) => [to, reply?.kind])).toEqual([
      [HOST, 'challenge'],
      [GUEST, undefined],
      [GUEST, undefined],
    ]);
  });

  it('binds nobody without the secret of a side, or with another relay token', () => {
    const server = met();
    expect(ask(server, bind(NAMEPLATE, 7, 0xcc), GUEST, at(0))).toMatchObject({
      refusal: 'bad-secret',
    });
    bindHost(server);
    expect(bindGuest(server, 0, 6)).toMatchObject({ refusal: 'relay-refused' });
    expect(askOnce(server, SEALED, HOST, at(1))).toEqual([]);
  });

  it('moves with a host that binds from a new address', () => {
    const server = met();
    bindHost(server);
    bindGuest(server);
    const moved = { address: '203.0.113.80', port: 80 };
    expect(bindHost(server, 100, moved)).toEqual({ kind: 'bound', paired: true });
    expect(askOnce(server, SEALED, HOST, at(200))).toEqual([]);
    expect(askOnce(server, SEALED, moved, at(200))[0]?.to).toBe(GUEST);
  });

  it('leaves by the listener by which each side has bound', () => {
    const server = met();
    const byOther = { ...HOST, base: 2 };
    bindHost(server, 0, byOther);
    bindGuest(server);
    const back = Buffer.concat([bytes(8, 0xaa), SEALED.subarray(8)]);
    expect(askOnce(server, back, GUEST, at(1)).map(({ to }) => to)).toEqual([byOther]);
    expect(askOnce(server, SEALED, HOST, at(1))).toEqual([]);
    expect(askOnce(server, SEALED, byOther, at(1)).map(({ to }) => to)).toEqual([GUEST]);
  });
});

describe('the life of a relay', () => {
  it('ends when its registration is closed', () => {
    const server = met();
    bindHost(server);
    bindGuest(server);
    const close = (head: RequestHead) =>
      encodeClose(head, {
        nameplate: NAMEPLATE,
        secret: bytes(16, OWNER_SECRET),
        outcome: 'happy',
      });
    expect(ask(server, close, HOST, at(10))).toEqual({ kind: 'closed' });
    expect(askOnce(server, SEALED, HOST, at(20))).toEqual([]);
    expect(server.counters.live).toEqual({ registrations: 0, claims: 0, relays: 0 });
  });

  it('ends when the host binds for another claim: whoever claims again has died before', () => {
    const server = newServer();
    ask(server, register(OWNER_SECRET, NAMEPLATE, true), HOST, at(0));
    for (let claimFill = 1; claimFill < 8; claimFill += 1) {
      const now = at(claimFill * 1000);
      ask(server, claim(NAMEPLATE, claimFill), GUEST, now);
      const ofGuest = bind(NAMEPLATE, claimFill, 0xbb, { claimFill });
      expect(ask(server, ofGuest, GUEST, now)).toEqual({ kind: 'bound', paired: false });
      const ofHost = bind(NAMEPLATE, OWNER_SECRET, 0xaa, { claimFill });
      expect(ask(server, ofHost, HOST, now)).toEqual({ kind: 'bound', paired: true });
      expect(server.counters.live.relays).toBe(1);
    }
  });

  it('keeps its registration alive by the BIND of either side', () => {
    const server = met();
    for (let now = 0; now <= 3_600_000; now += 15_000) {
      if (now === 0) bindHost(server, now);
      expect(bindGuest(server, now)).toMatchObject({ kind: 'bound' });
      server.handleTimeout(at(now));
    }
    expect(server.counters.live).toEqual({ registrations: 1, claims: 1, relays: 1 });
  });

  it('can be off, and is off for private addresses unless allowed', () => {
    expect(bindHost(met({ relay: false }))).toMatchObject({ refusal: 'relay-refused' });
    const lan = { address: '192.168.1.5', port: 5000 };
    expect(bindHost(met(), 0, lan)).toMatchObject({ refusal: 'relay-refused' });
    expect(bindHost(met({ allowPrivateRelay: true }), 0, lan)).toMatchObject({ kind: 'bound' });
  });
});
