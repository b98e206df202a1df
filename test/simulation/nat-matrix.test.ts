import { describe, expect, it } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import {
  SimulatedReceiver,
  SimulatedSender,
  testFile,
} from '../protocol/session/simulated-peers.ts';
import { startServer } from '../protocol/session/simulated-server.ts';
import type { Host } from '../support/host.ts';
import { NAT, type NatOptions } from '../support/nat.ts';
import { hostAt } from '../support/scenarios.ts';
import { forEachSeed } from '../support/seeds.ts';
import { Simulation } from '../support/simulator.ts';
import { isTransportPacket } from './packets.ts';
import { type Meeting, SERVER_ADDRESS, SLOW_LINE } from './scene.ts';

/** Long enough that the transfer lasts until a direct path has been found: a third of a second. */
const BYTES = 80_000;
const SEEDS = 3;
const KINDS = Object.keys(NAT) as (keyof typeof NAT)[];

/** RFC 4787 in short: who maps per destination is not found at once by who filters by port. */
const RELAYED: ReadonlySet<string> = new Set([
  'portRestricted to symmetric',
  'symmetric to portRestricted',
  'openRouter to symmetric',
  'symmetric to openRouter',
  'symmetric to symmetric',
]);

describe('a transfer starts at once and ends on a', () => {
  for (const from of KINDS) {
    for (const to of KINDS) {
      const pair = `${from} to ${to}`;
      const expected = RELAYED.has(pair) ? 'relayed' : 'direct';
      forEachSeed(`${expected} path: ${pair}`, SEEDS, (seed) => {
        const { sender, receiver } = across(seed, NAT[from], NAT[to]);
        for (const peer of [sender, receiver]) {
          expect(peer.timeOf('path') - peer.timeOf('joined')).toBeLessThan(500);
          expect(peer.paths.at(-1) === 'relay' ? 'relayed' : 'direct').toBe(expected);
        }
      });
    }
  }
});

describe('two hosts behind', () => {
  forEachSeed('one NAT use their own network, and nothing else carries the file', SEEDS, (seed) => {
    const world = new World(seed);
    const lan = world.internet.nat('198.51.100.10', NAT.portRestricted);
    const { sender, receiver } = world.transfer(lan.host('10.0.1.2'), lan.host('10.0.1.3'));
    expect([sender.paths, receiver.paths]).toEqual([['host'], ['host']]);
    expect(world.transportPackets).toBe(0);
  });

  forEachSeed('one carrier-grade NAT that hairpins find each other through it', SEEDS, (seed) => {
    const world = new World(seed);
    const { sender, receiver } = world.transfer(...world.twoHomes(true));
    expect([sender.paths.at(-1), receiver.paths.at(-1)]).not.toContain('relay');
  });

  forEachSeed('one carrier-grade NAT that does not are relayed', SEEDS, (seed) => {
    const world = new World(seed);
    const { sender, receiver } = world.transfer(...world.twoHomes(false));
    expect([sender.paths, receiver.paths]).toEqual([['relay'], ['relay']]);
  });

  forEachSeed('two NATs and one NAT find each other', SEEDS, (seed) => {
    const world = new World(seed);
    const carrier = world.internet.nat('198.51.100.10', NAT.portRestricted, SLOW_LINE);
    const deep = carrier.nat('100.64.0.2', NAT.portRestricted).host('10.0.1.2');
    const office = world.internet.nat('192.0.2.10', NAT.portRestricted).host('10.0.2.2');
    const { sender, receiver } = world.transfer(deep, office);
    expect([sender.paths.at(-1), receiver.paths.at(-1)]).not.toContain('relay');
  });
});

describe('a policy', () => {
  it('relay keeps every packet of the transport on the relay, though a direct path exists', () => {
    const world = new World(1);
    const [home, office] = world.homeAndOffice(NAT.fullCone, NAT.fullCone);
    const { sender, receiver } = world.transfer(home, office, 'relay');
    expect([sender.paths, receiver.paths]).toEqual([['relay'], ['relay']]);
    expect(world.transportPackets).toBe(world.relayedPackets);
  });

  it('direct keeps every packet off the relay', () => {
    const world = new World(1);
    const [home, office] = world.homeAndOffice(NAT.portRestricted, NAT.portRestricted);
    world.transfer(home, office, 'direct');
    expect(world.server.machine.counters.relay.packets).toBe(0);
  });

  it('direct fails where only a relay would do, and names the reason on both sides', () => {
    const world = new World(1);
    const [home, office] = world.homeAndOffice(NAT.symmetric, NAT.symmetric);
    const { sender, receiver } = world.meet(home, office, 'direct');
    world.sim.run({ until: () => sender.ended && receiver.ended, within: millis(120_000) });
    expect([sender.failure, receiver.failure]).toEqual([
      'P2P_PEER_UNREACHABLE',
      'P2P_PEER_UNREACHABLE',
    ]);
  });
});

describe('two who need a relay of a server that has no room for them', () => {
  it('are told that it is busy, and not that there is no path', () => {
    const world = new World(1, { relayLimits: { sessions: 0 } });
    const { sender, receiver } = world.meet(
      ...world.homeAndOffice(NAT.symmetric, NAT.symmetric),
      'relay',
    );
    world.sim.run({ until: () => sender.ended && receiver.ended, within: millis(120_000) });
    expect([sender.failure, receiver.failure]).toEqual(['P2P_SERVER_BUSY', 'P2P_SERVER_BUSY']);
  });
});

function across(seed: number, from: NatOptions | undefined, to: NatOptions | undefined): Meeting {
  const world = new World(seed);
  return world.transfer(...world.homeAndOffice(from, to));
}

/** A server on the internet, and whatever a test puts around it. */
class World {
  readonly sim: Simulation;
  readonly server: ReturnType<typeof startServer>;
  /** Packets of the transport that crossed the internet, and those of them that a relay got or sent. */
  transportPackets = 0;
  relayedPackets = 0;

  constructor(seed: number, options: Parameters<typeof startServer>[3] = {}) {
    this.sim = new Simulation({ seed });
    this.server = startServer(this.sim, this.internet.host(SERVER_ADDRESS), 'server', options);
    this.sim.tap(({ from, to, payload }) => {
      if (!isTransportPacket(payload)) return 'pass';
      this.transportPackets += 1;
      const { endpoint } = this.server;
      if (from === endpoint || to === endpoint) this.relayedPackets += 1;
      return 'pass';
    });
  }

  get internet() {
    return this.sim.internet();
  }

  homeAndOffice(from: NatOptions | undefined, to: NatOptions | undefined): [Host, Host] {
    const home = { publicAddress: '198.51.100.10', privateAddress: '10.0.1.2', line: SLOW_LINE };
    const office = { publicAddress: '192.0.2.10', privateAddress: '10.0.2.2' };
    return [
      hostAt(this.internet, { nat: from, ...home }),
      hostAt(this.internet, { nat: to, ...office }),
    ];
  }

  twoHomes(hairpin: boolean): [Host, Host] {
    const nat = { ...NAT.portRestricted, hairpin };
    const carrier = this.internet.nat('198.51.100.10', nat);
    return [
      carrier.nat('100.64.0.2', NAT.portRestricted, SLOW_LINE).host('10.0.1.2'),
      carrier.nat('100.64.0.3', NAT.portRestricted).host('10.0.2.2'),
    ];
  }

  meet(from: Host, to: Host, policy: 'any' | 'direct' | 'relay' = 'any'): Meeting {
    const server = this.server.endpoint;
    const file = testFile(this.sim, BYTES);
    const sender = new SimulatedSender(this.sim, from, file, { server, policy });
    this.sim.run({ until: () => sender.code !== undefined, within: millis(5000) });
    if (sender.code === undefined) throw new Error('no code');
    return {
      sender,
      receiver: new SimulatedReceiver(this.sim, to, sender.code, { server, policy }),
    };
  }

  transfer(from: Host, to: Host, policy?: 'any' | 'direct' | 'relay'): Meeting {
    const { sender, receiver } = this.meet(from, to, policy);
    this.sim.run({ until: () => sender.ended && receiver.ended, within: millis(60_000) });
    expect([sender.finished, receiver.finished]).toEqual([true, true]);
    expect(Buffer.compare(receiver.file, testFile(this.sim, BYTES))).toBe(0);
    return { sender, receiver };
  }
}
