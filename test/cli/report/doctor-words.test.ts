import { describe, expect, it } from 'vitest';
import { nickname, outlook, ports, reached } from '../../../src/cli/report/doctor-words.ts';
import type {
  EndpointDiagnosis,
  Expectation,
  NatDiagnosis,
} from '../../../src/client/api/diagnosis.ts';

const NAT: NatDiagnosis = {
  scope: 'internet',
  translated: true,
  publicAddresses: ['198.51.100.10'],
  mapping: 'endpoint-independent',
  filtering: 'address-and-port-dependent',
  allocation: { kind: 'preserving' },
  hairpin: null,
  serverAddresses: 2,
};

describe('the name of a NAT', () => {
  it.each([
    ['full cone', { filtering: 'endpoint-independent' }],
    ['restricted cone', { filtering: 'address-dependent' }],
    ['port-restricted cone', {}],
    ['cone', { filtering: 'unknown' }],
    ['symmetric', { mapping: 'address-dependent' }],
    ['symmetric', { mapping: 'address-and-port-dependent', serverAddresses: 1 }],
    ['unknown', { mapping: 'unknown' }],
    ['none', { translated: false, filtering: 'endpoint-independent' }],
    ['none, but a firewall', { translated: false }],
    [
      'restricted cone, as far as one address of a server shows',
      { filtering: 'address-dependent', serverAddresses: 1 },
    ],
    [
      'none, as far as one address of a server shows',
      { translated: false, filtering: 'address-dependent', serverAddresses: 1 },
    ],
  ] as const)('%s', (name, changes) => {
    expect(nickname({ ...NAT, ...changes })).toBe(name);
  });
});

describe('its ports are', () => {
  it.each([
    ['as on this machine', { kind: 'preserving' }],
    ['in turn', { kind: 'sequential', step: 1 }],
    ['in turn, in steps of 2', { kind: 'sequential', step: 2 }],
    ['within 20000 to 20511', { kind: 'block', low: 20_000, high: 20_511 }],
    ['any', { kind: 'random' }],
    ['unknown', { kind: 'unknown' }],
  ] as const)('%s', (words, allocation) => {
    expect(ports({ ...NAT, allocation })).toBe(words);
  });
});

describe('what is to be expected', () => {
  const of = (...paths: Expectation['path'][]) =>
    outlook({ expect: paths.map((path) => ({ peer: 'home', path })) });

  it('is the best where all paths are direct at once', () => {
    expect(of('direct', 'direct')).toBe('direct connections to all peers, at once');
  });

  it.each(['predicted', 'searched'] as const)('tells of a search where one is %s', (path) => {
    expect(of('direct', path)).toBe(
      'direct connections to nearly all peers, to some after a search',
    );
  });

  it('tells of the relay where one path needs it', () => {
    expect(of('direct', 'searched', 'relayed')).toBe(
      'direct connections to most peers, through a relay to the rest',
    );
  });

  it('is nothing where IPv6 is all that is known', () => {
    expect(outlook({ expect: [{ peer: 'ipv6', path: 'direct' }] })).toBeUndefined();
    expect(of()).toBeUndefined();
  });
});

describe('a server', () => {
  const answered: EndpointDiagnosis = {
    endpoint: '203.0.113.1:9420',
    udp: 'answered',
    tcp: 'accepted',
    observed: '198.51.100.10:5000',
    rtt: { asked: 8, answered: 8, minMs: 1.04, medianMs: 1.26 },
    mtu: 1500,
  };

  it.each([
    ['answers, 1.3 ms, MTU 1500 or more; TCP accepted', {}],
    ['answers, 1.3 ms, MTU 1492; TCP accepted', { mtu: 1492 }],
    ['answers; TCP refused', { rtt: null, mtu: null, tcp: 'refused' }],
    ['no answer by UDP; no answer by TCP', { udp: 'unanswered', tcp: 'unanswered' }],
    ['no way there by UDP; no way there by TCP', { udp: 'unreachable', tcp: 'unreachable' }],
  ] as const)('%s', (words, changes) => {
    expect(reached({ ...answered, ...changes })).toBe(words);
  });
});
