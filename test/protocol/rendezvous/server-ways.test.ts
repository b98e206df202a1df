import { describe, expect, it } from 'vitest';
import type { Machine } from '../../../src/protocol/machine.ts';
import { MessageType } from '../../../src/protocol/rendezvous/message.ts';
import type { RendezvousGuest } from '../../../src/protocol/rendezvous/rendezvous-guest.ts';
import type { RendezvousHost } from '../../../src/protocol/rendezvous/rendezvous-host.ts';
import { openRequest } from '../../../src/protocol/rendezvous/requests.ts';
import { type Endpoint, FOREIGN_STREAM } from '../../../src/protocol/wire/endpoint.ts';
import { Network } from './network.ts';
import { bytes, GUEST, HOST, SERVER, startGuest, startHost, startServer } from './parties.ts';

/** The server by the connection of a client. */
const STREAM: Endpoint = { ...SERVER, base: FOREIGN_STREAM + 1 };
/** That connection as the server sees it. */
const HOST_TCP: Endpoint = { address: HOST.address, port: 40_001, base: FOREIGN_STREAM + 11 };
const GUEST_TCP: Endpoint = { address: GUEST.address, port: 40_002, base: FOREIGN_STREAM + 12 };
/** What the server tells of them. */
const TOLD_HOST_TCP: Endpoint = { ...HOST_TCP, base: FOREIGN_STREAM };
const TOLD_GUEST_TCP: Endpoint = { ...GUEST_TCP, base: FOREIGN_STREAM };

const dialable = { stream: true };

type Client = RendezvousHost | RendezvousGuest;

function scene(net = new Network()) {
  const server = startServer(net, { allowWantedNameplates: true });
  return { net, server: server.machine };
}

/** Opens what `dial` asks for, 60 ms later. */
function dial(net: Network, client: Client, server: Machine<unknown>, seenAs: Endpoint): void {
  net.run(60);
  net.connect({ machine: client, seenAs }, { machine: server, seenAs: STREAM });
  client.addWay(STREAM, net.now);
}

/** Lets time pass until the last event is of a kind; how many milliseconds it took. */
function runUntil(net: Network, events: readonly { kind: string }[], kind: string): number {
  const start = net.now;
  net.run(120_000, () => events.at(-1)?.kind === kind);
  expect(events.at(-1)?.kind).toBe(kind);
  return net.now - start;
}

const blockUdp = (net: Network, ...clients: Endpoint[]) => {
  net.blocks = (from, to) =>
    clients.some(({ address }) => [from.address, to.address].includes(address));
};

describe('a client whose UDP is blocked', () => {
  it('asks for a connection after three requests, and registers by it', () => {
    const { net, server } = scene();
    blockUdp(net, HOST);
    const host = startHost(net, dialable);
    const asked = runUntil(net, host.events, 'dial');
    expect(asked).toBeGreaterThan(500);
    expect(asked).toBeLessThan(1000);
    dial(net, host.machine, server, HOST_TCP);
    // Two round trips: the address token, and the request with it.
    expect(runUntil(net, host.events, 'registered')).toBe(80);
    expect(host.events.at(-1)).toMatchObject({ observed: TOLD_HOST_TCP });
  });

  it('meets one whose UDP is not, and each hears where the other is', () => {
    const { net, server } = scene();
    blockUdp(net, GUEST);
    const host = startHost(net, { ...dialable, nameplate: 4711 });
    runUntil(net, host.events, 'registered');
    const guest = startGuest(net, 4711, bytes(16, 1), GUEST, dialable);
    runUntil(net, guest.events, 'dial');
    dial(net, guest.machine, server, GUEST_TCP);
    runUntil(net, guest.events, 'claimed');
    guest.machine.post(bytes(10, 1), net.now);
    runUntil(net, host.events, 'message');
    expect(host.events.at(-1)).toMatchObject({ peer: TOLD_GUEST_TCP });
    host.machine.reply(bytes(16, 1), bytes(10, 2), net.now);
    runUntil(net, guest.events, 'message');
    expect(guest.events.at(-1)).toMatchObject({ peer: HOST });
  });

  it('keeps trying UDP beside every request, and goes back to it when it works', () => {
    const { net, server } = scene();
    blockUdp(net, HOST);
    const host = startHost(net, dialable);
    runUntil(net, host.events, 'dial');
    dial(net, host.machine, server, HOST_TCP);
    runUntil(net, host.events, 'registered');
    blockUdp(net);
    net.run(16_000);
    expect(host.events.at(-1)).toMatchObject({ kind: 'registered', observed: HOST });
    const before = net.sent.length;
    net.run(60_000);
    expect(net.sent.slice(before).some(({ to }) => to.base !== undefined)).toBe(false);
  });

  it('never asks where it was not told that it may', () => {
    const { net } = scene();
    blockUdp(net, HOST);
    const host = startHost(net);
    net.run(14_000);
    expect(host.events).toEqual([]);
  });
});

describe('a client that can open no connection, or loses it,', () => {
  it('asks again, and later each time, when there is none', () => {
    const { net } = scene();
    blockUdp(net, HOST);
    const host = startHost(net, dialable);
    const times: number[] = [];
    while (host.events.at(-1)?.kind !== 'failed') {
      const before = host.events.length;
      net.run(20_000, () => host.events.length > before);
      if (host.events.at(-1)?.kind !== 'dial') continue;
      times.push(net.now);
      host.machine.endWay(STREAM, net.now);
    }
    const pauses = times.slice(1).map((time, i) => time - (times[i] as number));
    expect(pauses).toEqual([1000, 2000, 4000]);
    expect(host.events.at(-1)).toEqual({ kind: 'failed', code: 'P2P_SERVER_UNREACHABLE' });
    expect(net.now).toBe(15_000);
  });

  it('opens another connection when the one in use is closed', () => {
    const { net, server } = scene();
    blockUdp(net, HOST);
    const host = startHost(net, dialable);
    runUntil(net, host.events, 'dial');
    dial(net, host.machine, server, HOST_TCP);
    runUntil(net, host.events, 'registered');
    net.disconnect(host.machine);
    host.machine.endWay(STREAM, net.now);
    expect(runUntil(net, host.events, 'dial')).toBeLessThan(3000);
  });
});

describe('a client that has gone over to a connection', () => {
  it('asks by UDP without its token, so that the server goes on to address the connection', () => {
    const { net, server } = scene();
    const host = startHost(net, dialable);
    runUntil(net, host.events, 'registered');
    blockUdp(net, HOST);
    runUntil(net, host.events, 'dial');
    dial(net, host.machine, server, HOST_TCP);
    runUntil(net, host.events, 'registered');
    const left = net.now;
    net.run(60_000);
    const later = net.sent.filter(({ at, to }) => at > left && to.base === undefined);
    const tokens = later.map(({ payload }) => openRequest(payload)?.token);
    expect(tokens.length).toBeGreaterThan(0);
    for (const token of tokens) expect(token).toEqual(new Uint8Array(16));
  });

  it('has told everything anew by it two round trips later', () => {
    const { net, server } = scene();
    const host = startHost(net, { ...dialable, nameplate: 4711 });
    runUntil(net, host.events, 'registered');
    startGuest(net, 4711, bytes(16, 1));
    net.run(200);
    const binding = { claimId: bytes(16, 1), relayToken: bytes(16, 2), connectionId: bytes(8, 3) };
    host.machine.bindRelay(binding, net.now);
    net.run(1000);
    blockUdp(net, HOST);
    runUntil(net, host.events, 'dial');
    dial(net, host.machine, server, HOST_TCP);
    net.run(80);
    const asked = net.sent.filter(({ to }) => to.base === STREAM.base);
    const types = new Set(asked.map(({ payload }) => openRequest(payload)?.type));
    expect(types).toEqual(new Set([MessageType.refresh, MessageType.bind]));
  });

  it('opens another one soon, however often it is closed', () => {
    const { net, server } = scene();
    blockUdp(net, HOST);
    const host = startHost(net, dialable);
    for (let i = 0; i < 6; i += 1) {
      // Another port each time, so that what comes of it is an event.
      const seenAs = { ...HOST_TCP, port: 41_000 + i, base: FOREIGN_STREAM + 20 + i };
      expect(runUntil(net, host.events, 'dial')).toBeLessThan(2000);
      dial(net, host.machine, server, seenAs);
      runUntil(net, host.events, 'registered');
      net.run(1000);
      net.disconnect(host.machine);
      host.machine.endWay(STREAM, net.now);
    }
  });
});

describe('a client whose connection goes dead without a word', () => {
  it('asks for another one in its place, and goes on by that', () => {
    const { net, server } = scene();
    blockUdp(net, HOST);
    const host = startHost(net, dialable);
    runUntil(net, host.events, 'dial');
    dial(net, host.machine, server, HOST_TCP);
    runUntil(net, host.events, 'registered');
    net.disconnect(host.machine);
    // The next REFRESH, and five of it.
    const asked = runUntil(net, host.events, 'dial');
    expect(asked).toBeGreaterThan(17_000);
    expect(asked).toBeLessThan(21_000);
    const again = { ...HOST_TCP, port: 40_009, base: FOREIGN_STREAM + 19 };
    dial(net, host.machine, server, again);
    runUntil(net, host.events, 'registered');
    expect(host.events.at(-1)).toMatchObject({ observed: { ...again, base: FOREIGN_STREAM } });
  });
});

describe('a client whose UDP works', () => {
  it('never asks for a connection', () => {
    const { net } = scene();
    const host = startHost(net, { ...dialable, nameplate: 4711 });
    const guest = startGuest(net, 4711, bytes(16, 1), GUEST, dialable);
    net.run(200);
    // Which the host leaves unanswered: that says nothing of the server.
    guest.machine.post(bytes(10, 1), net.now);
    net.run(120_000);
    expect([...host.events, ...guest.events].map(({ kind }) => kind)).not.toContain('dial');
  });

  it('does not leave it for a connection that happens to be there', () => {
    const { net, server } = scene();
    const host = startHost(net, dialable);
    runUntil(net, host.events, 'registered');
    dial(net, host.machine, server, HOST_TCP);
    net.run(60_000);
    expect(net.sent.filter(({ to }) => to.base !== undefined)).toEqual([]);
  });

  it('uses both at first where the connection is there before an answer', () => {
    const { net, server } = scene();
    const host = startHost(net, dialable);
    net.connect({ machine: host.machine, seenAs: HOST_TCP }, { machine: server, seenAs: STREAM });
    host.machine.addWay(STREAM, net.now);
    net.run(1000);
    expect(host.events.at(-1)).toMatchObject({ kind: 'registered', observed: HOST });
  });

  it('changes to a connection when it is blocked later', () => {
    const { net, server } = scene();
    const host = startHost(net, dialable);
    runUntil(net, host.events, 'registered');
    blockUdp(net, HOST);
    // The next REFRESH, and three of it without an answer.
    expect(runUntil(net, host.events, 'dial')).toBeLessThan(17_000);
    dial(net, host.machine, server, HOST_TCP);
    runUntil(net, host.events, 'registered');
    expect(host.events.at(-1)).toMatchObject({ observed: TOLD_HOST_TCP });
  });

  it('is left alone longer and longer when it fails again and again', () => {
    const { net, server } = scene();
    const host = startHost(net, dialable);
    runUntil(net, host.events, 'registered');
    net.connect({ machine: host.machine, seenAs: HOST_TCP }, { machine: server, seenAs: STREAM });
    host.machine.addWay(STREAM, net.now);
    let changes = 0;
    for (let minute = 0; minute < 20; minute += 1) {
      const before = host.events.length;
      // It works for half a minute, then for half a minute it does not.
      blockUdp(net, HOST);
      net.run(30_000);
      blockUdp(net);
      net.run(30_000);
      changes += host.events.length - before;
    }
    expect(changes).toBeGreaterThan(4);
    expect(changes).toBeLessThan(16);
  });
});

describe('a client without UDP', () => {
  it('asks for a connection at once, and sends nothing before', () => {
    const { net, server } = scene();
    const host = startHost(net, { ...dialable, udp: false });
    net.run(0);
    expect(host.events).toEqual([{ kind: 'dial' }]);
    dial(net, host.machine, server, HOST_TCP);
    expect(runUntil(net, host.events, 'registered')).toBe(80);
    expect(net.sent.every(({ to }) => to.base !== undefined || to.address === HOST.address)).toBe(
      true,
    );
  });

  it('is unreachable when there is none for 15 s', () => {
    const { net } = scene();
    const host = startHost(net, { ...dialable, udp: false });
    runUntil(net, host.events, 'failed');
    expect(net.now).toBe(15_000);
  });
});
