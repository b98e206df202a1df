import { describe, expect, it } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import type { Host } from '../support/host.ts';
import { type Dependence, NAT, type NatOptions } from '../support/nat.ts';
import { Simulation } from '../support/simulator.ts';
import { Peer } from './machines.ts';

const DEPENDENCES: readonly Dependence[] = [
  'endpoint-independent',
  'address-dependent',
  'address-and-port-dependent',
];
const ALLOCATIONS = ['preserving', 'sequential', 'random'] as const;
const COMBINATIONS = DEPENDENCES.flatMap((mapping) =>
  DEPENDENCES.flatMap((filtering) =>
    ALLOCATIONS.map((allocation) => ({ mapping, filtering, allocation })),
  ),
);
const PRIVATE_PORT = 5000;

/** A host behind a NAT, and two servers with two ports each: what RFC 5780 probes with. */
function laboratory(options: NatOptions, seed = 2024) {
  const sim = new Simulation({ seed });
  const internet = sim.internet();
  const home = internet.nat('198.51.100.10', options);
  const host = home.host('10.0.1.2');
  const probe = speaker(host, PRIVATE_PORT);
  const servers = [internet.host('203.0.113.1'), internet.host('203.0.113.2')].flatMap((server) => [
    speaker(server, 9420),
    speaker(server, 9421),
  ]);
  const settle = (span = 100) => sim.run({ within: millis(span) });
  const probeAll = () => {
    for (const { endpoint } of servers) probe.say(endpoint);
    settle();
    return servers.map(({ peer }) => peer.received.at(-1)?.remote as Endpoint);
  };
  return { sim, home, probe, servers, settle, probeAll };
}

function speaker(host: Host, port: number) {
  const peer = new Peer();
  const driver = host.run(peer, { port });
  const say = (to: Endpoint) => {
    peer.say(to, Uint8Array.of(1));
    driver.poke();
  };
  return { peer, say, endpoint: host.endpoint(port) };
}

/** `P P Q Q` for the ports 4001, 4001, 4007, 4007. */
function pattern(endpoints: readonly Endpoint[]): string {
  const seen = [...new Set(endpoints.map(({ port }) => port))];
  return endpoints.map(({ port }) => 'PQRS'[seen.indexOf(port)]).join(' ');
}

const MAPPED: Record<Dependence, string> = {
  'endpoint-independent': 'P P P P',
  'address-dependent': 'P P Q Q',
  'address-and-port-dependent': 'P Q R S',
};

// Having sent to the first port of the first server: whose answers come in (RFC 4787 §5)?
const ADMITTED: Record<Dependence, boolean[]> = {
  'endpoint-independent': [true, true, true, true],
  'address-dependent': [true, true, false, false],
  'address-and-port-dependent': [true, false, false, false],
};

describe.each(COMBINATIONS)(
  'nat: $mapping mapping, $filtering filtering, $allocation ports',
  (options) => {
    it('maps as RFC 4787 §4.1 says, from its own address', () => {
      const mapped = laboratory(options).probeAll();
      expect(pattern(mapped)).toBe(MAPPED[options.mapping]);
      expect(new Set(mapped.map(({ address }) => address))).toEqual(new Set(['198.51.100.10']));
    });

    it('admits whom RFC 4787 §5 says', () => {
      const { probe, servers, settle } = laboratory(options);
      const [first] = servers;
      probe.say(first?.endpoint as Endpoint);
      settle();
      const external = first?.peer.received[0]?.remote as Endpoint;
      const admitted = servers.map(({ say }) => {
        const before = probe.peer.received.length;
        say(external);
        settle();
        return probe.peer.received.length > before;
      });
      expect(admitted).toEqual(ADMITTED[options.filtering]);
    });

    it('allots ports as it is told', () => {
      const ports = [
        ...new Set(
          laboratory(options)
            .probeAll()
            .map(({ port }) => port),
        ),
      ];
      const steps = ports.slice(1).map((port, index) => port - (ports[index] ?? 0));
      expect(ports.every((port) => port >= 1024 && port <= 65_535)).toBe(true);
      if (options.allocation === 'preserving') expect(ports[0]).toBe(PRIVATE_PORT);
      else expect(ports).not.toContain(PRIVATE_PORT);
      if (options.allocation === 'sequential') expect(steps).toEqual(steps.map(() => 1));
      else expect(steps.filter((step) => step === 1)).toEqual([]);
    });
  },
);

describe('mappings', () => {
  it('gives the second host with one port another public one', () => {
    const { home, servers, settle } = laboratory(NAT.portRestricted);
    const server = servers[0] as ReturnType<typeof speaker>;
    for (const address of ['10.0.1.3', '10.0.1.4']) {
      speaker(home.host(address), 6000).say(server.endpoint);
    }
    settle();
    const ports = server.peer.received.map(({ remote }) => remote.port);
    expect(ports[0]).toBe(6000);
    expect(ports[1]).not.toBe(6000);
  });

  it('forgets a mapping that was silent for its timeout, and not before', () => {
    const { probe, servers, settle } = laboratory({ ...NAT.fullCone, timeout: millis(3000) });
    const [first] = servers;
    probe.say(first?.endpoint as Endpoint);
    settle();
    const external = first?.peer.received[0]?.remote as Endpoint;
    settle(2800);
    first?.say(external);
    settle(100);
    expect(probe.peer.received.length).toBe(1);
    // RFC 4787 REQ-6: outbound refresh is a must; inbound refresh was not asked for.
    first?.say(external);
    settle();
    expect(probe.peer.received.length).toBe(1);
  });

  it('forgets whom it may admit although the mapping lives on', () => {
    const { probe, servers, settle } = laboratory({ ...NAT.portRestricted, timeout: millis(3000) });
    const [first, second] = servers;
    probe.say(first?.endpoint as Endpoint);
    settle(2000);
    probe.say(second?.endpoint as Endpoint);
    settle(1500);
    const external = first?.peer.received[0]?.remote as Endpoint;
    first?.say(external);
    second?.say(external);
    settle();
    expect(probe.peer.received.map(({ remote }) => remote)).toEqual([second?.endpoint]);
  });

  it('keeps a mapping alive by inbound traffic where it is told to', () => {
    const options = { ...NAT.portRestricted, timeout: millis(3000), inboundRefresh: true };
    const { probe, servers, settle } = laboratory(options);
    const [first] = servers;
    probe.say(first?.endpoint as Endpoint);
    settle();
    const external = first?.peer.received[0]?.remote as Endpoint;
    for (let i = 1; i <= 3; i += 1) {
      settle(2500);
      first?.say(external);
      settle();
      expect(probe.peer.received.length).toBe(i);
    }
  });

  it.each(ALLOCATIONS)('gives new ports after a rebind with %s ports', (allocation) => {
    const { home, probe, servers, settle, probeAll } = laboratory({ ...NAT.fullCone, allocation });
    const [before] = probeAll();
    home.rebind();
    servers[0]?.say(before as Endpoint);
    settle();
    expect(probe.peer.received.length).toBe(0);
    const [after] = probeAll();
    expect(after?.port).not.toBe(before?.port);
  });
});

describe('the table of a nat', () => {
  it('stays within its block of ports, and serves nobody when that is used up', () => {
    const ports = { first: 20_000, last: 20_002 };
    const { home, probeAll } = laboratory({ ...NAT.symmetric, ports });
    const mapped = probeAll();
    const used = mapped.slice(0, 3).map(({ port }) => port);
    expect(used.sort()).toEqual([20_000, 20_001, 20_002]);
    expect(mapped[3]).toBeUndefined();
    expect(home.router.counters.tableFull).toBe(1);
  });

  it('refuses a session beyond its table until others have expired', () => {
    const options = { ...NAT.symmetric, sessions: 2, timeout: millis(1000) };
    const { home, probe, servers, settle, probeAll } = laboratory(options);
    expect(probeAll().map((remote) => remote !== undefined)).toEqual([true, true, false, false]);
    expect(home.router.nat.size).toBe(2);
    settle(1000);
    probe.say(servers[3]?.endpoint as Endpoint);
    settle();
    expect(servers[3]?.peer.received.length).toBe(1);
    expect(home.router.nat.size).toBe(1);
  });
});

/** Two hosts in one network; the first says something to the public endpoint of the second. */
function hairpin(options: NatOptions) {
  const { home, probe, servers, settle } = laboratory(options);
  const other = speaker(home.host('10.0.1.3'), 7000);
  const server = servers[0] as ReturnType<typeof speaker>;
  other.say(server.endpoint);
  settle();
  probe.say(server.peer.received[0]?.remote as Endpoint);
  settle();
  return { heard: other.peer.received.map(({ remote }) => remote), counters: home.router.counters };
}

describe('hairpinning', () => {
  it('brings inside packets to the public address back, from the external endpoint (REQ-9)', () => {
    const { heard, counters } = hairpin({ ...NAT.fullCone, hairpin: true });
    expect(heard).toEqual([{ address: '198.51.100.10', port: PRIVATE_PORT }]);
    expect(counters.hairpinned).toBe(1);
  });

  it('is subject to filtering', () => {
    const { heard, counters } = hairpin({ ...NAT.portRestricted, hairpin: true });
    expect(heard).toEqual([]);
    expect(counters.filtered).toBe(1);
  });

  it('does not happen unless it is switched on', () => {
    const { heard, counters } = hairpin(NAT.fullCone);
    expect(heard).toEqual([]);
    expect(counters.hairpinRefused).toBe(1);
  });

  it('joins two homes behind one carrier, though neither home hairpins', () => {
    const { sim, home: carrier, servers, settle } = laboratory({ ...NAT.fullCone, hairpin: true });
    const server = servers[0] as ReturnType<typeof speaker>;
    const [alice, bob] = ['100.64.0.11', '100.64.0.12'].map((address) =>
      speaker(carrier.nat(address, NAT.fullCone).host('10.0.1.2'), 6000),
    ) as [ReturnType<typeof speaker>, ReturnType<typeof speaker>];
    bob.say(server.endpoint);
    settle();
    const routed = sim.internet().counters.routed;
    alice.say(server.peer.received[0]?.remote as Endpoint);
    settle();
    expect(bob.peer.received[0]?.remote.address).toBe('198.51.100.10');
    expect(sim.internet().counters.routed).toBe(routed);
  });
});
