import { describe, expect, it } from 'vitest';
import { RENDEZVOUS_VERSION } from '../../../src/protocol/rendezvous/message.ts';
import { errorOfRefusal } from '../../../src/protocol/rendezvous/refusal.ts';

describe('a server that refuses a version', () => {
  const refusal = 'version';

  it.each([
    [RENDEZVOUS_VERSION - 1, 'P2P_SERVER_OUTDATED'],
    [RENDEZVOUS_VERSION + 1, 'P2P_SENDER_OUTDATED'],
  ])('and speaks %i shows who is behind: %s', (spoken, error) => {
    expect(errorOfRefusal({ refusal, spoken }, 'P2P_SENDER_OUTDATED')).toBe(error);
  });

  it('and is as old as the first ones does not say', () => {
    expect(errorOfRefusal({ refusal }, 'P2P_RECEIVER_OUTDATED')).toBe('P2P_VERSION_MISMATCH');
  });

  it('means nothing by a version beside another refusal', () => {
    const busy = { refusal: 'busy', spoken: 9 } as const;
    expect(errorOfRefusal(busy, 'P2P_RECEIVER_OUTDATED')).toBe('P2P_SERVER_BUSY');
  });
});
