import { expect, it, vi } from 'vitest';
import { millis } from '../../../src/protocol/time.ts';
import { bothWays } from '../../support/scenarios.ts';
import { Forger } from './forger.ts';
import { recordPair } from './record-pair.ts';

// The control run of strict-mode.simulation.test.ts: the same attack, without strict mode.
vi.mock('../../../src/protocol/transport/strict-mode.ts', () => ({
  StrictMode: class {
    readonly active = false;
    readonly deadline = undefined;
    onFailedRecord(): boolean {
      return false;
    }
    handleTimeout(): boolean {
      return false;
    }
  },
}));

it('without strict mode, the attacker on the path does stop the transfer', () => {
  const line = bothWays({ rate: 4_000_000, delay: millis(15) });
  const pair = recordPair({ seed: 11, bytes: 2_000_000, line });
  new Forger(pair.sim, 0.1);
  expect(pair.finish(12_000)).toBe(false);
  expect(pair.bob.received).toBeLessThan(500_000);
});

it('without strict mode and without an attacker, the same transfer succeeds', () => {
  const line = bothWays({ rate: 4_000_000, delay: millis(15) });
  const pair = recordPair({ seed: 11, bytes: 2_000_000, line });
  expect(pair.finish(30_000)).toBe(true);
});
