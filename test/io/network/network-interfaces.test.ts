import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  localCandidateAddresses,
  loopbackAddresses,
} from '../../../src/io/network/network-interfaces.ts';

function entry(cidr: string, internal = false): NetworkInterfaceInfo {
  const [address = ''] = cidr.split('/');
  const common = { address, cidr, internal, mac: '00:00:00:00:00:00', netmask: '' };
  return address.includes(':')
    ? { ...common, family: 'IPv6', scopeid: 0 }
    : { ...common, family: 'IPv4' };
}

const lo = [entry('127.0.0.1/8', true), entry('::1/128', true)];

describe('localCandidateAddresses', () => {
  it('lists IPv4, global and unique local addresses with their subnets, no others', () => {
    const eth0 = ['192.0.2.7/24', '2001:db8::7/64', 'fd00::7/48', 'fe80::7/64'];
    expect(localCandidateAddresses({ lo, eth0: eth0.map((cidr) => entry(cidr)) })).toEqual([
      { address: '192.0.2.7', prefixLength: 24, family: 'udp4' },
      { address: '2001:db8::7', prefixLength: 64, family: 'udp6' },
      { address: 'fd00::7', prefixLength: 48, family: 'udp6' },
    ]);
  });

  it('falls back to link-local addresses, as on a cable between two machines', () => {
    const eth0 = [entry('169.254.3.4/16'), entry('fe80::7/64')];
    expect(localCandidateAddresses({ lo, eth0 }).map(({ address }) => address)).toEqual([
      '169.254.3.4',
      'fe80::7',
    ]);
  });

  it('gives each interface its turn before one of them takes all eight places', () => {
    const many = Array.from({ length: 12 }, (_, i) => entry(`2001:db8::${i}/64`));
    const wlan0 = [entry('10.0.0.2/8')];
    const addresses = localCandidateAddresses({ eth0: many, wlan0 }).map(({ address }) => address);
    expect(addresses).toHaveLength(8);
    expect(addresses.slice(0, 3)).toEqual(['2001:db8::0', '10.0.0.2', '2001:db8::1']);
  });

  it('says the same of this machine twice', () => {
    expect(localCandidateAddresses()).toEqual(localCandidateAddresses());
  });
});

describe('loopbackAddresses', () => {
  it('lists loopback only', () => {
    expect(loopbackAddresses({ lo, eth0: [entry('10.0.0.2/8')] })).toEqual([
      { address: '127.0.0.1', prefixLength: 8, family: 'udp4' },
      { address: '::1', prefixLength: 128, family: 'udp6' },
    ]);
  });
});
