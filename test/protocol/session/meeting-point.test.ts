import { describe, expect, it } from 'vitest';
import { candidateContext } from '../../../src/protocol/session/meeting-point.ts';

describe('what a peer may be believed when it was met at a server', () => {
  it.each([
    ['of the internet', '203.0.113.1', { loopbackAllowed: false, lanAllowed: false }],
    ['of the local network', '192.168.1.9', { loopbackAllowed: false, lanAllowed: true }],
    ['of the local network', 'fd00::9', { loopbackAllowed: false, lanAllowed: true }],
    ['on this machine', '127.0.0.1', { loopbackAllowed: true, lanAllowed: false }],
    ['on this machine', '::1', { loopbackAllowed: true, lanAllowed: false }],
    // RFC 7600 §4.8: what stands for a server whose address only a proxy knows.
    ['behind a proxy', '192.0.0.8', { loopbackAllowed: false, lanAllowed: false }],
  ])('%s at %s', (_where, address, expected) => {
    const server = { address, port: 9420 };
    const meeting = {
      server,
      relays: [],
      ownPublic: undefined,
      peerPublic: undefined,
      interfaces: [],
    };
    expect(candidateContext(meeting)).toMatchObject(expected);
  });

  it('is told by where the peer is when that is its own server', () => {
    const peerPublic = { address: '10.0.0.7', port: 5000 };
    const meeting = {
      server: undefined,
      relays: [],
      ownPublic: undefined,
      peerPublic,
      interfaces: [],
    };
    expect(candidateContext(meeting)).toMatchObject({ lanAllowed: true });
  });
});
