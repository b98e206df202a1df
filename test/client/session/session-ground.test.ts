import process from 'node:process';
import { expect, it, vi } from 'vitest';
import { prepareSession } from '../../../src/client/session/session-ground.ts';

vi.mock('../../../src/crypto/xxhash.ts', () => ({
  sharedHasher: () => Promise.reject(new RangeError('no memory for it')),
}));

it('leaves nothing open where something that a session needs cannot be had', async () => {
  await expect(prepareSession({ servers: [], lan: true })).rejects.toThrow('no memory for it');
  expect(process.getActiveResourcesInfo()).not.toContain('UDPWrap');
});
