import { describe, expect } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import { NAT } from '../support/nat.ts';
import { bothWays, FAULTS } from '../support/scenarios.ts';
import { forEachSeed } from '../support/seeds.ts';
import { Scene, type SceneOptions } from './scene.ts';

const SEEDS = 1;

const SCENES: Record<string, SceneOptions> = {
  'an ordinary line': { line: FAULTS.ordinary },
  'a relay': { homeNat: NAT.symmetric, officeNat: NAT.symmetric },
  'every fault at once': {
    line: bothWays({
      rate: 10_000_000,
      delay: millis(15),
      jitter: millis(5),
      loss: 0.05,
      corrupt: 0.01,
      duplicate: 0.02,
      reorder: { chance: 0.02, depth: 8 },
    }),
  },
};

describe('a whole session depends on its seed and on nothing else:', () => {
  for (const [name, options] of Object.entries(SCENES)) {
    forEachSeed(name, SEEDS, (seed) => {
      const first = fingerprint(seed, options);
      expect(fingerprint(seed, options)).toBe(first);
      expect(fingerprint(seed + 1, options)).not.toBe(first);
    });
  }
});

function fingerprint(seed: number, options: SceneOptions): string {
  const scene = new Scene(seed, { ...options, bytes: 100_000 });
  scene.expectTransfer(scene.meet());
  return `${scene.sim.fingerprint} ${scene.sim.events}`;
}
