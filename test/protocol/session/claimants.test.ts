import { describe, expect, it } from 'vitest';
import { Claimants } from '../../../src/protocol/session/claimants.ts';
import type { Host } from '../../../src/protocol/session/hosting.ts';

const HOST = { server: { address: '198.51.100.9', port: 9420 } } as Host;

function claimId(number: number): Uint8Array {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, number);
  return id;
}

function peer(number: number) {
  return { address: '203.0.113.1', port: 1000 + number };
}

describe('those who claim', () => {
  it('are forgotten in their order when there are too many: the last one may be the peer', () => {
    const claimants = new Claimants();
    for (let number = 0; number < 1000; number += 1) {
      claimants.note({ claimId: claimId(number), host: HOST, peer: peer(number) });
    }
    expect(claimants.win(claimId(999))).toEqual({ host: HOST, peer: peer(999) });
    expect(claimants.standing(claimId(999))).toBe('won');
    expect(claimants.standing(claimId(998))).toBe('stranger');
  });

  it('that claim again stay, at their new address', () => {
    const claimants = new Claimants();
    for (let number = 0; number < 1000; number += 1) {
      claimants.note({ claimId: claimId(0), host: HOST, peer: peer(number) });
      claimants.note({ claimId: claimId(number), host: HOST, peer: peer(number) });
    }
    expect(claimants.win(claimId(0))).toMatchObject({ peer: peer(999) });
  });
});
