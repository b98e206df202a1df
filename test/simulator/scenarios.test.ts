import { describe, expect, it } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import { ACCESS, DEGRADE_LADDER, FAULTS } from '../support/scenarios.ts';
import { Simulation } from '../support/simulator.ts';
import { Echo } from './machines.ts';

const SCENARIOS = [
  ...Object.entries({ ...FAULTS, ...ACCESS }).map(([name, line]) => ({ name, line })),
  ...DEGRADE_LADDER,
];

describe('scenarios', () => {
  it('hold the ladder as iroh wrote it', () => {
    expect(DEGRADE_LADDER.length).toBe(9);
    expect(DEGRADE_LADDER[8]?.name).toBe('0.256 Mbit/s, RTT 800 ms, loss 25 % in bursts of 40');
    const { rate, delay, burst } = DEGRADE_LADDER[8]?.line.down ?? {};
    expect([rate, delay, burst?.leave]).toEqual([256_000, 400, 0.025]);
    // One in 120 good packets starts a burst of 40: 40 / (40 + 120) are lost.
    expect(burst?.enter).toBeCloseTo(1 / 120, 12);
  });

  it.each(SCENARIOS)('let some packets through: $name', ({ line }) => {
    const sim = new Simulation({ seed: 5 });
    const far = sim.internet().host('203.0.113.1', line);
    const near = sim.internet().host('203.0.113.2');
    far.run(new Echo(1e9, 100), { port: 1 });
    for (let port = 1; port <= 50; port += 1) {
      near.run(new Echo(1e9, 100, far.endpoint(1)), { port });
    }
    sim.run({ within: millis(5000) });
    expect(near.counters.received).toBeGreaterThan(0);
  });
});
