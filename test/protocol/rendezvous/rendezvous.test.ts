import { describe, expect, it } from 'vitest';
import type {
  GuestEvent,
  RendezvousGuest,
} from '../../../src/protocol/rendezvous/rendezvous-guest.ts';
import type {
  HostEvent,
  RendezvousHost,
} from '../../../src/protocol/rendezvous/rendezvous-host.ts';
import { UNSPECIFIED } from '../../../src/protocol/wire/endpoint.ts';
import { Network } from './network.ts';
import {
  bytes,
  GUEST,
  HELLO,
  HOST,
  SERVER,
  startGuest,
  startHost,
  startRegistered,
  startServer,
} from './parties.ts';

const text = (body: Uint8Array): string => Buffer.from(body).toString();
const A = Buffer.from('A');
const B = Buffer.from('B');
const C = Buffer.from('C');
const D = Buffer.from('D');

describe('rendezvous', () => {
  it('tells both sides where the server saw the other, and gives the hello to the guest', () => {
    const net = new Network();
    const { host, nameplate } = startRegistered(net);
    expect(host.events).toEqual([{ kind: 'registered', nameplate, observed: HOST }]);
    const guest = startGuest(net, nameplate);
    net.run(1000, () => guest.events.length > 0);
    expect(guest.events).toEqual([{ kind: 'claimed', hello: HELLO, observed: GUEST }]);

    guest.machine.post(A, net.now);
    net.run(1000, () => host.events.length > 1);
    expect(host.events[1]).toEqual({
      kind: 'message',
      claimId: bytes(16, 1),
      body: new Uint8Array(A),
      peer: GUEST,
    });
    host.machine.reply(bytes(16, 1), C, net.now);
    net.run(1000, () => guest.events.length > 1);
    expect(guest.events[1]).toEqual({ kind: 'message', body: new Uint8Array(C), peer: HOST });
  });

  it.each(Array.from({ length: 20 }, (_, i) => i))(
    'gets A, B, C and D across while 30 percent are lost each way (seed %i)',
    (seed) => {
      const net = new Network({ seed, loss: 0.3 });
      const { host, server, nameplate } = startRegistered(net);
      const guest = startGuest(net, nameplate);
      const heard = new Set<string>();
      const hostNews = news(host.events);
      const guestNews = news(guest.events);
      net.run(60_000, () => {
        for (const event of hostNews()) answer(host.machine, event, net);
        for (const event of guestNews()) ask(guest.machine, event, heard, net);
        return heard.size === 2;
      });
      expect([...heard]).toEqual(['B', 'D']);
      expect(server.machine.counters.live).toEqual({ registrations: 1, claims: 1, relays: 0 });
      expect(server.events.filter(({ kind }) => kind === 'paired')).toHaveLength(1);
    },
  );
});

describe('claims', () => {
  it('lets two guests race, and keeps their messages apart', () => {
    const net = new Network();
    const { host, nameplate } = startRegistered(net);
    const one = startGuest(net, nameplate, bytes(16, 1), GUEST);
    const two = startGuest(net, nameplate, bytes(16, 2), { ...GUEST, port: 6000 });
    net.run(1000, () => one.events.length > 0 && two.events.length > 0);
    one.machine.post(A, net.now);
    two.machine.post(C, net.now);
    net.run(40);
    const claims = host.events.flatMap((event) =>
      event.kind === 'message' ? [[event.claimId[0], text(event.body)]] : [],
    );
    expect(claims).toEqual([
      [1, 'A'],
      [2, 'C'],
    ]);
    host.machine.reply(bytes(16, 2), B, net.now);
    net.run(100);
    expect(one.events).toHaveLength(1);
    expect(two.events).toHaveLength(2);
  });

  it('refuses a fourth claim for life: the code is burnt', () => {
    const net = new Network();
    const { nameplate } = startRegistered(net);
    for (const [index, kind] of ['claimed', 'claimed', 'claimed', 'failed'].entries()) {
      const guest = startGuest(net, nameplate, bytes(16, index), { ...GUEST, port: 6000 + index });
      net.run(1000, () => guest.events.length > 0);
      expect(guest.events[0]).toMatchObject(kind === 'failed' ? { code: 'P2P_CODE_BURNT' } : {});
      expect(guest.events[0]?.kind).toBe(kind);
      guest.machine.close('cancelled', net.now);
      net.run(200);
      expect(guest.machine.ended).toBe(true);
    }
  });

  it.each([
    ['happy', 'P2P_CODE_USED'],
    ['failed', 'P2P_CODE_BURNT'],
    ['cancelled', 'P2P_CODE_EXPIRED'],
  ] as const)('says after a %s end: %s', (outcome, code) => {
    const net = new Network();
    const { host, server, nameplate } = startRegistered(net);
    host.machine.close(outcome, net.now);
    net.run(1000, () => host.machine.ended);
    expect(server.events.at(-1)).toEqual({ kind: 'closed', outcome });
    expect(host.machine.pollTimeout()).toBeUndefined();
    const guest = startGuest(net, nameplate);
    net.run(1000, () => guest.events.length > 0);
    expect(guest.events).toEqual([{ kind: 'failed', code }]);
  });

  it('says that a nameplate is unknown', () => {
    const net = new Network();
    startServer(net);
    net.run(20_000);
    const guest = startGuest(net, 4711);
    net.run(1000, () => guest.events.length > 0);
    expect(guest.events).toEqual([{ kind: 'failed', code: 'P2P_CODE_UNKNOWN' }]);
    expect(guest.machine.pollTimeout()).toBeUndefined();
  });
});

describe('nameplates by wish', () => {
  it('serves a host in its own process, and says nothing about where that is', () => {
    const net = new Network();
    startServer(net, { allowWantedNameplates: true });
    const host = startHost(net, { nameplate: 42 }, UNSPECIFIED);
    net.run(1000, () => host.events.length > 0);
    expect(host.events).toEqual([{ kind: 'registered', nameplate: 42, observed: UNSPECIFIED }]);
    const guest = startGuest(net, 42);
    net.run(200);
    guest.machine.post(A, net.now);
    net.run(40);
    expect(host.events[1]).toMatchObject({ kind: 'message', peer: GUEST });
    host.machine.reply(bytes(16, 1), B, net.now);
    net.run(100);
    expect(guest.events[1]).toEqual({
      kind: 'message',
      body: new Uint8Array(B),
      peer: undefined,
    });
  });

  it('meets again under a derived nameplate, with the same owner secret and a new hello', () => {
    const net = new Network();
    const server = startServer(net);
    const nameplate = 0x9234_5678;
    const ownerSecret = bytes(16, 9);
    const first = startHost(net, { nameplate, ownerSecret });
    net.run(200);
    net.detach(first.machine);
    const hello = Buffer.from('another nonce');
    const second = startHost(net, { nameplate, ownerSecret, hello }, { ...HOST, port: 5999 });
    net.run(200);
    expect(second.events[0]).toMatchObject({ kind: 'registered', nameplate });
    expect(server.machine.counters.live.registrations).toBe(1);
    const guest = startGuest(net, nameplate);
    net.run(200);
    expect(guest.events[0]).toMatchObject({ kind: 'claimed', hello: new Uint8Array(hello) });
  });
});

describe('what an earlier process was found by', () => {
  it('is given up as used', () => {
    const net = new Network();
    const server = startServer(net);
    const secret = bytes(16, 9);
    const first = startHost(net, { ownerSecret: secret });
    net.run(200);
    const [registered] = first.events;
    if (registered?.kind !== 'registered') throw new Error('not registered');
    net.detach(first.machine);
    const { nameplate } = registered;
    const former = { nameplate, secret };
    const next = startHost(net, { nameplate: 0x9234_5678, former }, { ...HOST, port: 5999 });
    net.run(1000);
    expect(next.events).toMatchObject([{ kind: 'registered', nameplate: 0x9234_5678 }]);
    expect(server.machine.counters.live.registrations).toBe(1);
    const guest = startGuest(net, nameplate);
    net.run(200);
    expect(guest.events).toEqual([{ kind: 'failed', code: 'P2P_CODE_USED' }]);
  });

  it("is left alone when it is somebody else's by now", () => {
    const net = new Network();
    const { host, nameplate, server } = startRegistered(net);
    const former = { nameplate, secret: bytes(16, 9) };
    const next = startHost(net, { former }, { ...HOST, port: 5999 });
    net.run(60_000);
    expect(next.events).toHaveLength(1);
    expect(server.machine.counters.live.registrations).toBe(2);
    const guest = startGuest(net, nameplate);
    net.run(200);
    expect(guest.events[0]?.kind).toBe('claimed');
    expect(host.events).toHaveLength(1);
  });
});

describe('the client side', () => {
  it('ignores and counts what does not come from the server or answers nothing', () => {
    const net = new Network();
    const { host } = startRegistered(net);
    const error = Buffer.from('00000000000000001f0014aabbccddeeff001102', 'hex');
    host.machine.handleBatch(error, GUEST, net.now);
    host.machine.handleBatch(error, SERVER, net.now);
    const forged = Buffer.from(`00000000000000001c0037aabbccddeeff0011${'00'.repeat(36)}`, 'hex');
    host.machine.handleBatch(forged, SERVER, net.now);
    host.machine.handleBatch(bytes(40, 0), SERVER, net.now);
    expect(host.machine.ignored).toBe(4);
    expect(host.machine.pollEvent()).toBeUndefined();
  });

  it('binds a relay on both sides, and each learns of the other', () => {
    const net = new Network();
    const { host, server, nameplate } = startRegistered(net);
    const guest = startGuest(net, nameplate);
    net.run(200);
    const relayToken = bytes(16, 5);
    host.machine.bindRelay(
      { claimId: bytes(16, 1), relayToken, connectionId: bytes(8, 0xaa) },
      net.now,
    );
    net.run(200);
    guest.machine.bindRelay({ relayToken, connectionId: bytes(8, 0xbb) }, net.now);
    net.run(1500);
    expect(host.events.slice(1)).toEqual([
      { kind: 'relay-bound', paired: false },
      { kind: 'relay-bound', paired: true },
    ]);
    expect(guest.events.slice(1)).toEqual([{ kind: 'relay-bound', paired: true }]);
    expect(server.events.at(-1)).toEqual({ kind: 'relay-opened' });
    net.run(2 * 3_600_000);
    expect(server.machine.counters.live.relays).toBe(1);
  });

  it('reports a server that does not relay', () => {
    const net = new Network();
    const { nameplate } = startRegistered(net, { relay: false });
    const guest = startGuest(net, nameplate);
    net.run(200);
    guest.machine.bindRelay({ relayToken: bytes(16, 5), connectionId: bytes(8, 1) }, net.now);
    net.run(10_000);
    expect(guest.events.slice(1)).toEqual([{ kind: 'relay-refused' }]);
  });
});

/** Asked again and again, yields what was added since. */
function news<Event>(events: readonly Event[]): () => readonly Event[] {
  let seen = 0;
  return () => {
    const added = events.slice(seen);
    seen = events.length;
    return added;
  };
}

/** The host's half of a handshake: B for A, D for C. */
function answer(host: RendezvousHost, event: HostEvent, net: Network): void {
  if (event.kind !== 'message') return;
  host.reply(event.claimId, text(event.body) === 'A' ? B : D, net.now);
}

/** The guest's half: A until B comes, then C until D comes. */
function ask(guest: RendezvousGuest, event: GuestEvent, heard: Set<string>, net: Network): void {
  if (event.kind === 'claimed') guest.post(A, net.now);
  if (event.kind !== 'message') return;
  heard.add(text(event.body));
  if (text(event.body) === 'B') guest.post(C, net.now);
}
