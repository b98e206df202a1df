import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/protocol/time.ts';
import { Network } from './network.ts';
import {
  bytes,
  GUEST,
  HOST,
  startGuest,
  startHost,
  startRegistered,
  startServer,
} from './parties.ts';

const A = Buffer.from('A');

describe('outages', () => {
  it('gives up on a silent server after 15 s, on either side', () => {
    const net = new Network();
    const host = startHost(net);
    const guest = startGuest(net, 1);
    net.run(14_990);
    expect([...host.events, ...guest.events]).toEqual([]);
    net.run(20);
    expect(host.events).toEqual([{ kind: 'failed', code: 'P2P_SERVER_UNREACHABLE' }]);
    expect(guest.events).toEqual([{ kind: 'failed', code: 'P2P_SERVER_UNREACHABLE' }]);
  });

  it('follows a host whose NAT gave it another port, at the next REFRESH', () => {
    const net = new Network();
    const { host, nameplate } = startRegistered(net);
    const moved = { ...HOST, port: 7777 };
    net.move(host.machine, moved);
    net.run(16_000);
    expect(host.events[1]).toEqual({ kind: 'registered', nameplate, observed: moved });
    const guest = startGuest(net, nameplate);
    net.run(200);
    guest.machine.post(A, net.now);
    net.run(100);
    expect(host.events[2]).toMatchObject({ kind: 'message', peer: GUEST });
  });
});

it('a host that waits for days keeps its nameplate, though no registration lives so long', () => {
  const net = new Network();
  const { host, server, nameplate } = startRegistered(net);
  net.run(60 * 3_600_000);
  expect(host.events).toEqual([{ kind: 'registered', nameplate, observed: HOST }]);
  expect(server.machine.counters.live.registrations).toBe(1);
  expect(server.events.filter(({ kind }) => kind === 'expired')).toHaveLength(2);
  const guest = startGuest(net, nameplate);
  net.run(200);
  expect(guest.events[0]?.kind).toBe('claimed');
});

describe('a server that restarts', () => {
  it('is registered with anew, after hours as well', () => {
    const net = new Network();
    const { host, server, nameplate } = startRegistered(net);
    net.detach(server.machine);
    net.run(7_200_000);
    expect(host.events).toHaveLength(1);
    const restarted = startServer(net, { allowWantedNameplates: true });
    net.run(6000);
    expect(restarted.machine.counters.live.registrations).toBe(1);
    const guest = startGuest(net, nameplate);
    net.run(200);
    expect(guest.events[0]?.kind).toBe('claimed');
  });

  it('gives a host its nameplate again', () => {
    const net = new Network();
    const { host, server, nameplate } = startRegistered(net);
    net.detach(server.machine);
    const { machine } = startServer(net);
    net.run(16_000);
    expect(host.events).toEqual([{ kind: 'registered', nameplate, observed: HOST }]);
    expect(machine.counters.live.registrations).toBe(1);
  });

  it('gives it another one when somebody else has taken that by then', () => {
    const net = new Network();
    const { host, server, nameplate } = startRegistered(net);
    net.detach(server.machine);
    startServer(net);
    startHost(net, { nameplate }, { ...GUEST, port: 7000 });
    net.run(16_000);
    const again = host.events[1];
    expect(again?.kind).toBe('registered');
    expect(again?.kind === 'registered' && again.nameplate).not.toBe(nameplate);
  });
});

describe('a server that restarts and is asked by a guest', () => {
  it('is claimed at again when it knows the nameplate but not the claim', () => {
    const net = new Network();
    const { host, guest } = startForgotten(net);
    const restarted = startServer(net, { allowWantedNameplates: true });
    net.run(16_000);
    guest.machine.post(A, net.now);
    net.run(1000);
    expect(restarted.machine.counters.live.claims).toBe(1);
    expect(host.events.at(-1)?.kind).toBe('message');
    expect(guest.events).toHaveLength(1);
  });

  it('is claimed at until the host has come back, who may be the later one to notice', () => {
    const net = new Network();
    const { host, guest } = startForgotten(net);
    const restarted = startServer(net, { allowWantedNameplates: true });
    guest.machine.post(A, net.now);
    net.run(10_000);
    expect(restarted.machine.counters.live).toMatchObject({ registrations: 0, claims: 0 });
    net.run(20_000);
    expect(restarted.machine.counters.live).toMatchObject({ registrations: 1, claims: 1 });
    expect(host.events.at(-1)?.kind).toBe('message');
    expect(guest.events).toHaveLength(1);
  });

  it('lets one that comes only now wait for the host', () => {
    const net = new Network();
    const { host, server, nameplate } = startRegistered(net);
    net.detach(server.machine);
    startServer(net, { allowWantedNameplates: true });
    const guest = startGuest(net, nameplate);
    net.run(5000);
    expect(guest.events).toEqual([]);
    net.run(15_000);
    expect(guest.events.map(({ kind }) => kind)).toEqual(['claimed']);
    guest.machine.post(A, net.now);
    net.run(1000);
    expect(host.events.at(-1)?.kind).toBe('message');
  });

  it('says after 20 s that nobody is there', () => {
    const net = new Network();
    startServer(net);
    const guest = startGuest(net, 4711);
    net.run(19_000);
    expect(guest.events).toEqual([]);
    net.run(4000);
    expect(guest.events).toEqual([{ kind: 'failed', code: 'P2P_CODE_UNKNOWN' }]);
  });

  it('is not asked so often for a host that stays away that it takes the guest for a guesser', () => {
    const net = new Network();
    const { host, guest } = startForgotten(net);
    net.detach(host.machine);
    startServer(net);
    guest.machine.post(A, net.now);
    net.run(600_000);
    const others = startHost(net, {}, { ...HOST, port: 6000 });
    net.run(1000);
    const [registered] = others.events;
    if (registered?.kind !== 'registered') throw new Error('not registered');
    const next = startGuest(net, registered.nameplate, bytes(16, 2), { ...GUEST, port: 7000 });
    net.run(200);
    expect(next.events[0]?.kind).toBe('claimed');
  });
});

describe('a server that lets an address begin no more for now', () => {
  const ONE = { perMinute: 1, burst: 1 };

  it('is asked again by a guest, which says so once', () => {
    const net = new Network();
    const { nameplate } = startRegistered(net, { limits: { claimRate: ONE } });
    startGuest(net, nameplate);
    const late = startGuest(net, nameplate, bytes(16, 2), { ...GUEST, port: 7000 });
    net.run(50_000);
    expect(late.events).toEqual([{ kind: 'rate-limited' }]);
    net.run(120_000);
    expect(late.events.map(({ kind }) => kind)).toEqual(['rate-limited', 'claimed']);
  });

  it('is asked again by a host', () => {
    const net = new Network();
    startRegistered(net, { limits: { registerRate: ONE } });
    const late = startHost(net, {}, { ...HOST, port: 7000 });
    net.run(70_000);
    expect(late.events.map(({ kind }) => kind)).toEqual(['rate-limited', 'registered']);
  });

  it.each([false, true])('is given up after two minutes, fallen silent or not: %s', (isSilent) => {
    const net = new Network();
    const rate = { perMinute: 0, burst: 1 };
    const limits = { claimRate: rate, registerRate: rate };
    const { nameplate, server } = startRegistered(net, { limits });
    startGuest(net, nameplate);
    const host = startHost(net, {}, { ...HOST, port: 7000 });
    const guest = startGuest(net, nameplate, bytes(16, 2), { ...GUEST, port: 7000 });
    net.run(10_000);
    if (isSilent) net.detach(server.machine);
    net.run(109_000);
    const limited = { kind: 'rate-limited' };
    expect([host.events, guest.events]).toEqual([[limited], [limited]]);
    net.run(2000);
    const failed = { kind: 'failed', code: 'P2P_SERVER_BUSY' };
    expect([host.events, guest.events]).toEqual([
      [limited, failed],
      [limited, failed],
    ]);
  });

  it('does not make a guest wait that has guessed too often', () => {
    const net = new Network();
    const { nameplate } = startRegistered(net, {
      limits: { missRate: { perMinute: 0, burst: 1 }, returnTime: millis(0) },
    });
    for (const [index, asked] of [nameplate + 1, nameplate + 2].entries()) {
      startGuest(net, asked, bytes(16, 3 + index), { ...GUEST, port: 7001 + index });
      net.run(500);
    }
    const late = startGuest(net, nameplate);
    net.run(500);
    expect(late.events).toEqual([{ kind: 'failed', code: 'P2P_SERVER_BUSY' }]);
  });
});

it('a guest that is told to ask later does, where it has been before', () => {
  const net = new Network();
  const { guest, nameplate } = startForgotten(net);
  const limits = { claimRate: { perMinute: 2, burst: 1 } };
  const restarted = startServer(net, { allowWantedNameplates: true, limits });
  net.run(16_000);
  startGuest(net, nameplate, bytes(16, 2), { ...GUEST, port: 7000 });
  net.run(200);
  guest.machine.post(A, net.now);
  net.run(10_000);
  expect(restarted.machine.counters.live.claims).toBe(1);
  net.run(40_000);
  expect(restarted.machine.counters.live.claims).toBe(2);
  expect(guest.events).toHaveLength(1);
});

/** A host and a guest that have met at a server which has ended since. */
function startForgotten(net: Network) {
  const { host, server, nameplate } = startRegistered(net);
  const guest = startGuest(net, nameplate);
  net.run(200);
  net.detach(server.machine);
  return { host, guest, nameplate };
}
