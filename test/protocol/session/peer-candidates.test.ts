import { describe, expect, it } from 'vitest';
import type { MeetingPoint } from '../../../src/protocol/session/meeting-point.ts';
import { mappedCandidates } from '../../../src/protocol/session/peer-candidates.ts';
import { type Endpoint, FOREIGN_STREAM } from '../../../src/protocol/wire/endpoint.ts';

const SEEN: Endpoint = { address: '198.51.100.10', port: 30_000 };
const MEETING: MeetingPoint = {
  server: { address: '203.0.113.1', port: 9420 },
  relays: [],
  ownPublic: { address: '192.0.2.10', port: 30_001 },
  peerPublic: SEEN,
  interfaces: [{ address: '10.0.1.2', prefixLength: 24 }],
};

describe('a port at which the router of the peer lets everybody in', () => {
  it('is one of the address at which the server sees the peer', () => {
    expect(mappedCandidates(40_123, SEEN, MEETING)).toEqual([
      { kind: 'mapped', endpoint: { address: SEEN.address, port: 40_123 } },
    ]);
  });

  it.each([
    ['it belongs to a service', 53, SEEN],
    ['the server sees the peer by TCP', 40_123, { ...SEEN, base: FOREIGN_STREAM }],
    ['the server sees the peer by IPv6', 40_123, { address: '2001:db8::7', port: 30_000 }],
    ['the server sees the peer inside our network', 40_123, { address: '10.0.2.9', port: 30_000 }],
  ] as const)('is of no interest when %s', (_why, port, seen) => {
    expect(mappedCandidates(port, seen, MEETING)).toEqual([]);
  });
});
