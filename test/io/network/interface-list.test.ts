import { describe, expect, it } from 'vitest';
import {
  type Departure,
  departureAddress,
  InterfaceList,
  type Interfaces,
} from '../../../src/io/network/interface-list.ts';
import {
  localCandidateAddresses,
  loopbackAddresses,
} from '../../../src/io/network/network-interfaces.ts';

const nowhere: Departure = async () => undefined;

describe('interfaces that the system does not list', () => {
  it('are loopback alone before anybody has asked further', () => {
    const list = new InterfaceList(refuses, nowhere);
    expect(loopbackAddresses(list.now())).toEqual([
      { address: '127.0.0.1', prefixLength: 8, family: 'udp4' },
    ]);
    expect(localCandidateAddresses(list.now())).toEqual([]);
  });

  it('are the addresses from which packets leave', async () => {
    const list = new InterfaceList(refuses, departing('192.0.2.7', '2001:db8::7'));
    await list.known();
    expect(localCandidateAddresses(list.now())).toEqual([
      { address: '192.0.2.7', prefixLength: 24, family: 'udp4' },
      { address: '2001:db8::7', prefixLength: 64, family: 'udp6' },
    ]);
  });

  it('are asked about again with each look, so that another network is noticed', async () => {
    const addresses = ['192.0.2.7', '198.51.100.7'];
    const list = new InterfaceList(refuses, async (family) =>
      family === 'udp4' ? addresses.shift() : undefined,
    );
    await list.known();
    expect(localCandidateAddresses(list.now())).toMatchObject([{ address: '192.0.2.7' }]);
    await list.known();
    expect(localCandidateAddresses(list.now())).toMatchObject([{ address: '198.51.100.7' }]);
  });

  it('are listed where the system does, and nobody is asked', async () => {
    const listed: Interfaces = {};
    const list = new InterfaceList(
      () => listed,
      () => Promise.reject(new Error('nobody is to be asked')),
    );
    await list.known();
    expect(list.now()).toBe(listed);
  });
});

describe('the address from which packets leave', () => {
  it('is that of the interface on the way', async () => {
    expect(await departureAddress('udp4', '127.0.0.1')).toBe('127.0.0.1');
  });

  it('is none where there is no way', async () => {
    expect(await departureAddress('udp4', '255.255.255.255')).toBeUndefined();
  });
});

function refuses(): never {
  throw new Error('uv_interface_addresses returned Unknown system error 97');
}

function departing(ipv4: string, ipv6: string): Departure {
  return async (family) => (family === 'udp4' ? ipv4 : ipv6);
}
