import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeProbe,
  encodeProbe,
  PROBE_BYTES,
  type Probe,
} from '../../../src/protocol/path/probe-codec.ts';
import { crypto, endpoint, sessionKeys } from './support.ts';

const keys = {
  connectionId: Uint8Array.from([0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7]),
  probe: new Uint8Array(32).fill(0x11),
};
const nonce = { counter: 7, salt: 0xdeadbeef };
const request: Probe = { kind: 'request', nonce, nominate: true };
const response: Probe = { kind: 'response', nonce, observed: endpoint('198.51.100.7:9420') };

// Both MACs were computed with Python's hmac module.
const REQUEST_HEX =
  'a0a1a2a3a4a5a6a742003700000007deadbeef0100000000000000000000000000000000000000' +
  '559faeab3fdc5031925fb9ff75327c86';
const RESPONSE_HEX =
  'a0a1a2a3a4a5a6a743003700000007deadbeef0004c633640700000000000000000000000024cc' +
  '972e5e4ccfc3d231c3d5072c209d78d2';

describe('probe codec', () => {
  it('writes a request and its answer byte for byte as documented', () => {
    expect(Buffer.from(encodeProbe(request, keys, crypto)).toString('hex')).toBe(REQUEST_HEX);
    expect(Buffer.from(encodeProbe(response, keys, crypto)).toString('hex')).toBe(RESPONSE_HEX);
  });

  it('reads what it wrote', () => {
    expect(decodeProbe(Buffer.from(REQUEST_HEX, 'hex'), keys, crypto)).toEqual(request);
    expect(decodeProbe(Buffer.from(RESPONSE_HEX, 'hex'), keys, crypto)).toEqual(response);
  });

  it('gives request and answer one length of at most 64 bytes', () => {
    expect(PROBE_BYTES).toBe(55);
    expect(encodeProbe(request, keys, crypto)).toHaveLength(55);
    expect(encodeProbe(response, keys, crypto)).toHaveLength(55);
  });

  it('refuses a packet with any one bit changed', () => {
    for (let bit = 0; bit < 8 * PROBE_BYTES; bit += 1) {
      const packet = encodeProbe(response, keys, crypto);
      packet[bit >> 3] = (packet[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(['malformed', 'forged']).toContain(decodeProbe(packet, keys, crypto));
    }
  });

  it('refuses every truncation and every trailing byte', () => {
    const packet = encodeProbe(request, keys, crypto);
    for (let length = 0; length < PROBE_BYTES; length += 1) {
      expect(decodeProbe(packet.subarray(0, length), keys, crypto)).toBe('malformed');
    }
    expect(decodeProbe(Uint8Array.from([...packet, 0]), keys, crypto)).toBe('malformed');
  });

  it('refuses a packet of the other direction', () => {
    const packet = encodeProbe(request, sessionKeys.a.send, crypto);
    expect(decodeProbe(packet, sessionKeys.b.receive, crypto)).toEqual(request);
    expect(decodeProbe(packet, sessionKeys.a.receive, crypto)).toBe('forged');
  });

  it('takes an authentic answer with an unknown address family for malformed', () => {
    const packet = encodeProbe(response, keys, crypto);
    packet[20] = 9;
    packet.set(crypto.hmac(keys.probe, packet.subarray(0, 39)).subarray(0, 16), 39);
    expect(decodeProbe(packet, keys, crypto)).toBe('malformed');
  });

  it('throws on no input, and takes none of it for a probe', () => {
    const anyPacket = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      // Well-formed up to the MAC.
      fc
        .uint8Array({ minLength: PROBE_BYTES - 11, maxLength: PROBE_BYTES - 11 })
        .map((rest) => Uint8Array.from([...keys.connectionId, 0x42, 0, PROBE_BYTES, ...rest])),
    );
    fc.assert(
      fc.property(anyPacket, (packet) => {
        expect(['malformed', 'forged']).toContain(decodeProbe(packet, keys, crypto));
      }),
      { numRuns: 500 },
    );
  });

  it('carries every nonce', () => {
    const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(uint32, uint32, fc.boolean(), (counter, salt, nominate) => {
        const probe: Probe = { kind: 'request', nonce: { counter, salt }, nominate };
        expect(decodeProbe(encodeProbe(probe, keys, crypto), keys, crypto)).toEqual(probe);
      }),
    );
  });
});
