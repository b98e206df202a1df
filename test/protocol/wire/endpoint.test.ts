import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../src/protocol/wire/byte-reader.ts';
import { ByteWriter } from '../../../src/protocol/wire/byte-writer.ts';
import {
  addressBytes,
  addressText,
  canonicalAddress,
  ENDPOINT_BYTES,
  FOREIGN_STREAM,
  formatEndpoint,
  isStream,
  readEndpoint,
  UNSPECIFIED,
  writeEndpoint,
} from '../../../src/protocol/wire/endpoint.ts';

function roundTrip(address: string, port: number, base?: number) {
  const writer = new ByteWriter();
  writeEndpoint(writer, base === undefined ? { address, port } : { address, port, base });
  expect(writer.length).toBe(ENDPOINT_BYTES);
  return readEndpoint(new ByteReader(writer.finish()));
}

describe('endpoint', () => {
  it.each(['192.0.2.1', '2001:db8::1', '::1', 'fe80::1:2:3:4', '1:2:3:4:5:6:7:8', '2001:0:0:1::'])(
    'carries %s unchanged',
    (address) => {
      expect(roundTrip(address, 9420)).toEqual({ address, port: 9420 });
    },
  );

  it('takes an IPv4-mapped address for the IPv4 address it is', () => {
    expect(roundTrip('::ffff:192.0.2.7', 1)).toEqual({ address: '192.0.2.7', port: 1 });
  });

  it('leaves out the zone, which means nothing on another machine', () => {
    expect(roundTrip('fe80::1%eth0', 5)).toEqual({ address: 'fe80::1', port: 5 });
  });

  it.each(['192.0.2.1', '2001:db8::1'])('says of %s whether its port is one of TCP', (address) => {
    const stream = roundTrip(address, 9420, FOREIGN_STREAM + 7);
    expect(stream).toEqual({ address, port: 9420, base: FOREIGN_STREAM });
    expect(stream && isStream(stream)).toBe(true);
    expect(isStream({ address, port: 9420 })).toBe(false);
  });

  it('does not tell others which of our UDP sockets it is about', () => {
    expect(roundTrip('192.0.2.1', 9420, 2_000_255)).toEqual({ address: '192.0.2.1', port: 9420 });
  });

  it('reads an unspecified endpoint from family 0', () => {
    expect(roundTrip('0.0.0.0', 0)).toEqual(UNSPECIFIED);
  });

  it('refuses short input and unknown families', () => {
    expect(readEndpoint(new ByteReader(new Uint8Array(18)))).toBeUndefined();
    expect(readEndpoint(new ByteReader(new Uint8Array(19).fill(5)))).toBeUndefined();
  });

  it('writes every IPv6 address as text that parses back to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const text = addressText(bytes);
        const mapped = text.includes('.');
        expect(mapped || isIPv6(text)).toBe(true);
        expect([...addressBytes(text)]).toEqual([...(mapped ? bytes.subarray(12) : bytes)]);
      }),
    );
  });

  it('puts brackets around IPv6 only', () => {
    expect(formatEndpoint({ address: '::1', port: 1 })).toBe('[::1]:1');
    expect(formatEndpoint({ address: '10.0.0.1', port: 2 })).toBe('10.0.0.1:2');
  });

  it('leaves addresses that only look mapped alone', () => {
    expect(canonicalAddress('::ffff:1')).toBe('::ffff:1');
  });
});
