import { networkInterfaces } from 'node:os';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SocketAddresses, socketAddress } from '../../../src/io/network/socket-address.ts';
import { addressText, type Endpoint } from '../../../src/protocol/wire/endpoint.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const port = fc.integer({ min: 1, max: 65_535 });
const ipv4 = fc.record({ address: bytes(4).map(addressText), port });
// An IPv4-mapped one is none that a socket of this family meets.
const ipv6 = fc
  .record({ address: bytes(16).map(addressText), port })
  .filter(({ address }) => !address.includes('.'));

it.each([
  ['udp4', ipv4],
  ['udp6', ipv6],
] as const)('turns any endpoint of %s into bytes and back', (family, endpoints) => {
  const addresses = new SocketAddresses(family);
  fc.assert(
    fc.property(fc.array(endpoints, { maxLength: 20 }), (some: Endpoint[]) => {
      for (const endpoint of [...some, ...some]) {
        const written = addresses.bytesOf(endpoint) as Uint8Array;
        expect(written).toEqual(socketAddress(family, endpoint.address, endpoint.port));
        expect(addresses.endpointOf(padded(written))).toEqual(endpoint);
      }
    }),
  );
});

it('yields the same object for who has been there before', () => {
  const addresses = new SocketAddresses('udp4');
  const one = padded(socketAddress('udp4', '192.0.2.1', 9420));
  expect(addresses.endpointOf(one)).toBe(addresses.endpointOf(one.slice()));
});

it('remembers no more remotes than its limit, and still knows each of them', () => {
  const addresses = new SocketAddresses('udp4');
  for (let i = 0; i < 70_000; i += 1) {
    const endpoint = { address: `10.1.${(i >> 8) & 255}.${i & 255}`, port: 1 + (i % 60_000) };
    expect(
      addresses.endpointOf(padded(socketAddress('udp4', endpoint.address, endpoint.port))),
    ).toEqual(endpoint);
  }
});

it('has no bytes for a zone, the other family, no port, or a name', () => {
  const addresses = new SocketAddresses('udp6');
  expect(addresses.bytesOf({ address: 'fe80::1%lo', port: 9 })).toBeUndefined();
  expect(addresses.bytesOf({ address: '192.0.2.1', port: 9 })).toBeUndefined();
  expect(addresses.bytesOf({ address: '::1', port: 0 })).toBeUndefined();
  expect(addresses.bytesOf({ address: 'example.org', port: 9 })).toBeUndefined();
});

it('names the interface of an address that means something on that one only', () => {
  const [name, known] = Object.entries(networkInterfaces()).flatMap(([each, found = []]) =>
    found.flatMap((one) => (one.family === 'IPv6' && one.scopeid > 0 ? [[each, one.scopeid]] : [])),
  )[0] ?? ['77', 77];
  const addresses = new SocketAddresses('udp6');
  const written = socketAddress('udp6', 'fe80::1', 9);
  written[24] = Number(known);
  expect(addresses.endpointOf(written).address).toBe(`fe80::1%${name}`);
});

function padded(address: Uint8Array): Uint8Array {
  const room = new Uint8Array(28);
  room.set(address);
  return room;
}
