import { describe, expect, it } from 'vitest';
import { diagnosisOf, type Evidence } from '../../../src/client/diagnosis/evidence.ts';
import type { EndpointCheck } from '../../../src/client/diagnosis/server-check.ts';
import type { LocalAddress } from '../../../src/io/network/network-interfaces.ts';
import type { NatBehavior } from '../../../src/protocol/nat/nat-behavior.ts';
import type { NatFindings } from '../../../src/protocol/nat/nat-findings.ts';
import { PEERS } from '../../../src/protocol/path/path-prediction.ts';

const HOME: LocalAddress = { address: '10.0.1.2', prefixLength: 24, family: 'udp4' };
const GLOBAL: LocalAddress = { address: '2001:db8::2', prefixLength: 64, family: 'udp6' };
const UNIQUE_LOCAL: LocalAddress = { address: 'fd00::2', prefixLength: 64, family: 'udp6' };
const SERVER = { address: '203.0.113.1', port: 9420 };
const SERVER_IPV6 = { address: '2001:db8:ffff::1', port: 9420 };
const SEEN = { address: '198.51.100.10', port: 40_000 };

function check(changes: Partial<EndpointCheck> = {}): EndpointCheck {
  return {
    endpoint: SERVER,
    udp: 'answered',
    tcp: 'refused',
    observed: SEEN,
    rtt: { asked: 8, answered: 8, minMs: 1, medianMs: 2 },
    mtu: 1500,
    ...changes,
  };
}

function findings(behavior: NatBehavior, changes: Partial<NatFindings> = {}): NatFindings {
  return {
    behavior,
    observed: SEEN,
    publicAddresses: [SEEN.address],
    hairpin: false,
    serverAddresses: 2,
    rttMs: 20,
    ...changes,
  };
}

function diagnosed(
  parts: {
    readonly interfaces?: readonly LocalAddress[];
    readonly checks?: readonly EndpointCheck[];
    readonly findings?: NatFindings;
    readonly portMapping?: Evidence['portMapping'];
  } = {},
) {
  const { interfaces = [HOME], checks = [check()], findings, portMapping } = parts;
  const stream = { works: true, tls: false, proxied: false };
  const servers = [{ server: 'one.example', endpoints: checks, stream }];
  return diagnosisOf({ interfaces, servers, findings, portMapping, pair: undefined });
}

const SILENT = { udp: 'unanswered', observed: undefined, rtt: null, mtu: null } as const;

describe('what to expect', () => {
  it.each([
    ['open', ['direct', 'direct', 'direct', 'direct', 'direct']],
    ['home', ['direct', 'direct', 'predicted', 'searched', 'searched']],
    ['sequential', ['direct', 'predicted', 'predicted', 'searched', 'relayed']],
    ['block', ['direct', 'searched', 'searched', 'searched', 'relayed']],
    ['random', ['direct', 'searched', 'relayed', 'relayed', 'relayed']],
  ] as const)('behind a NAT that is %s: %s', (own, expected) => {
    const { expect: found } = diagnosed({ findings: findings(PEERS[own]) });
    expect(found.map(({ peer }) => peer)).toEqual([
      'open',
      'home',
      'sequential',
      'block',
      'random',
    ]);
    expect(found.map(({ path }) => path)).toEqual(expected);
  });

  it('is a direct path to everybody where the router lets peers in when it is asked', () => {
    const parts = { findings: findings(PEERS.random), portMapping: ['upnp'] } as const;
    const { expect: found, portMapping } = diagnosed(parts);
    expect(new Set(found.map(({ path }) => path))).toEqual(new Set(['direct']));
    expect(portMapping).toEqual(['upnp']);
  });

  it('is nothing where nothing is known of the NAT', () => {
    expect(diagnosed().expect).toEqual([]);
    const unknown: NatBehavior = { ...PEERS.home, mapping: 'unknown' };
    expect(diagnosed({ findings: findings(unknown) }).expect).toEqual([]);
  });

  it('is a direct path over IPv6 where the server sees the address that this machine has', () => {
    const own = { address: GLOBAL.address, port: 5000 };
    const translated = { address: '2001:db8:1::9', port: 5000 };
    const interfaces = [HOME, GLOBAL];
    const over = (observed: typeof own) =>
      diagnosed({ interfaces, checks: [check({ endpoint: SERVER_IPV6, observed })] }).expect;
    expect(over(own)).toEqual([{ peer: 'ipv6', path: 'direct' }]);
    expect(over(translated)).toEqual([]);
    expect(over({ address: '::1', port: 5000 })).toEqual([]);
  });
});

describe('IPv6', () => {
  const ipv6 = (interfaces: LocalAddress[], checks: EndpointCheck[]) =>
    diagnosed({ interfaces, checks }).ipv6;
  const silent = check({ ...SILENT, endpoint: SERVER_IPV6 });
  const answered = check({ endpoint: SERVER_IPV6 });

  it.each([
    ['none', [HOME], [check(), silent]],
    ['none', [HOME, UNIQUE_LOCAL], [check(), answered]],
    ['untested', [HOME, GLOBAL], [check()]],
    ['silent', [HOME, GLOBAL], [check(), silent]],
    ['works', [HOME, GLOBAL], [silent, answered]],
  ] as const)('%s', (expected, interfaces, checks) => {
    expect(ipv6([...interfaces], [...checks])).toBe(expected);
  });
});

describe('advice', () => {
  it.each([
    ['is none where all is well', [], { findings: findings(PEERS.home) }],
    [
      'is about the NAT where it costs paths',
      ['independent-mapping', 'ipv6'],
      { findings: findings(PEERS.random) },
    ],
    [
      'is to let the router be asked, where it was in vain',
      ['port-mapping', 'independent-mapping', 'ipv6'],
      { findings: findings(PEERS.random), portMapping: [] },
    ],
    [
      'is to allow UDP where only TCP gets through',
      ['allow-udp'],
      { checks: [check({ ...SILENT, tcp: 'accepted' })] },
    ],
    ['is to look at the server where nothing does', ['check-server'], { checks: [check(SILENT)] }],
    [
      'is to go online where this machine has no address',
      ['go-online'],
      { checks: [check(SILENT)], interfaces: [] },
    ],
    ['is to look at its name where it leads nowhere', ['check-server'], { checks: [] }],
    [
      'is to update where versions differ',
      ['update'],
      { checks: [check({ ...SILENT, udp: 'other-version' })] },
    ],
    [
      'is about datagrams that do not get through',
      ['raise-mtu'],
      { checks: [check({ mtu: 576 })] },
    ],
    ['is none about an MTU that is enough', [], { checks: [check({ mtu: 1228 })] }],
    [
      'counts the longer header of IPv6',
      ['raise-mtu'],
      { checks: [check({ mtu: 1228, endpoint: SERVER_IPV6 })] },
    ],
    ['is none about an MTU that was not measured', [], { checks: [check({ mtu: null })] }],
  ] as const)('%s', (_what, advice, parts) => {
    expect(diagnosed(parts).advice).toEqual(advice);
  });

  it('does not ask for the IPv6 that is there', () => {
    const observed = { address: GLOBAL.address, port: 5000 };
    const checks = [check(), check({ endpoint: SERVER_IPV6, observed })];
    const parts = { interfaces: [HOME, GLOBAL], checks, findings: findings(PEERS.random) };
    expect(diagnosed(parts).advice).toEqual(['independent-mapping']);
  });
});

describe('a NAT', () => {
  it('is told from a firewall by whether the address is changed', () => {
    const interfaces = [{ ...HOME, address: SEEN.address }];
    expect(diagnosed({ findings: findings(PEERS.home) }).nat?.translated).toBe(true);
    expect(diagnosed({ interfaces, findings: findings(PEERS.home) }).nat?.translated).toBe(false);
  });

  it('is told as it was found', () => {
    const publicAddresses = ['198.51.100.10', '198.51.100.11'];
    const found = findings(PEERS.sequential, { publicAddresses, hairpin: undefined });
    expect(diagnosed({ findings: found }).nat).toEqual({
      scope: 'internet',
      translated: true,
      publicAddresses,
      mapping: 'address-and-port-dependent',
      filtering: 'address-and-port-dependent',
      allocation: { kind: 'sequential', step: 1 },
      hairpin: null,
      serverAddresses: 2,
    });
  });

  it('is unknown where no server was seen to see anything', () => {
    const nothing = findings(PEERS.home, { observed: undefined, serverAddresses: 0 });
    expect(diagnosed({ findings: nothing }).nat).toBeNull();
  });
});
