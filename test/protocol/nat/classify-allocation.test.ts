import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyAllocation } from '../../../src/protocol/nat/classify-allocation.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

/** Samples of sockets at 40000, 40001, … in order, at these public ports. */
function at(...ports: number[]) {
  return ports.map((port, index) => ({ localPort: 40_000 + index, port, isInOrder: true }));
}

describe('ports are called', () => {
  it.each([
    ['preserving', at(40_000, 40_001, 40_002, 40_003)],
    ['preserving, though one was taken', at(40_000, 40_001, 5000, 40_003)],
  ])('%s', (_, samples) => {
    expect(classifyAllocation(samples)).toEqual({ kind: 'preserving' });
  });

  it.each([
    [1, at(5000, 5001, 5002, 5003)],
    [2, at(5000, 5002, 5004, 5006)],
    [1, at(5000, 5001, 5007, 5008, 5010)],
    [4, at(5000, 5004, 5016, 5020, 5024)],
    [64, at(5000, 5064, 5128, 5192)],
    [1, at(65_530, 65_531, 65_533, 65_535, 1024, 1025, 1028, 1029)],
  ])('sequential with step %i', (step, samples) => {
    expect(classifyAllocation(samples)).toEqual({ kind: 'sequential', step });
  });

  it('sequential although a sample is out of order', () => {
    const late = { localPort: 40_009, port: 5009, isInOrder: false };
    const [first, ...rest] = at(5000, 5001, 5002, 5003);
    const samples = [first, late, ...rest].flatMap((sample) => sample ?? []);
    expect(classifyAllocation(samples)).toEqual({ kind: 'sequential', step: 1 });
  });

  it('no counter where a sample lies below one that was mapped before it', () => {
    const late = { localPort: 40_009, port: 4999, isInOrder: false };
    expect(classifyAllocation([...at(5000, 5001, 5002, 5003), late]).kind).toBe('unknown');
  });

  it('a block, with a margin of one gap at either end', () => {
    const samples = at(20_300, 20_100, 20_400, 20_200, 20_500, 20_600);
    expect(classifyAllocation(samples)).toEqual({ kind: 'block', low: 20_000, high: 20_700 });
  });

  it('a block of at most 2,048 ports', () => {
    const samples = at(5000, 7000, 6000, 5500, 6500, 6999);
    expect(classifyAllocation(samples)).toEqual({ kind: 'block', low: 4977, high: 7023 });
  });

  it('a block that begins no lower than the ports of users', () => {
    const samples = at(1030, 1300, 1100, 1500, 1200, 1400);
    expect(classifyAllocation(samples)).toMatchObject({ kind: 'block', low: 1024 });
  });

  it('random where they are far apart', () => {
    expect(classifyAllocation(at(5000, 60_000, 20_000, 33_000))).toEqual({ kind: 'random' });
  });

  it.each([
    ['none', []],
    ['three', at(5000, 60_000, 20_000)],
    ['five in a narrow range', at(5000, 5400, 5100, 5300, 5200)],
  ])('unknown with %s', (_, samples) => {
    expect(classifyAllocation(samples)).toEqual({ kind: 'unknown' });
  });

  it('by the ports of other mappings too, whose order says nothing', () => {
    const samples = at(5000, 5400, 5100, 5300);
    expect(classifyAllocation(samples, [5200, 5350])).toMatchObject({ kind: 'block' });
    expect(classifyAllocation(samples, [60_000])).toEqual({ kind: 'random' });
  });
});

describe('a counter', () => {
  it('is recognized whatever others take in between', () => {
    const property = fc.property(
      fc.integer({ min: 1024, max: 60_000 }),
      fc.constantFrom(1, 2, 4),
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 7, maxLength: 9 }),
      (first, step, taken) => {
        // At least one pair of neighbours with nobody in between, or the step would look larger.
        const gaps = [0, ...taken];
        let port = first;
        const ports = gaps.map((foreign) => {
          port += step * (1 + foreign);
          return port;
        });
        expect(classifyAllocation(at(first, ...ports))).toEqual({ kind: 'sequential', step });
      },
    );
    fc.assert(property);
  });
});

describe('ports drawn at random', () => {
  /** The share of `runs` draws of ten ports out of `width` that are called `kind`. */
  const share = (kind: string, width: number) => {
    const runs = 5000;
    const random = new SeededRandom(5);
    const drawn = Array.from({ length: runs }, () =>
      Array.from({ length: 10 }, () => 1024 + random.integer(width)),
    );
    const called = drawn.filter((ports) => {
      const samples = ports.map((port) => ({ localPort: 0, port, isInOrder: true }));
      return classifyAllocation(samples).kind === kind;
    });
    return called.length / runs;
  };

  it('of the whole range are never called anything else', () => {
    expect(share('random', 64_512)).toBe(1);
  });

  it('of a block are hardly ever taken for a counter', () => {
    expect(share('block', 512)).toBeGreaterThan(0.995);
    expect(share('block', 2048)).toBe(1);
  });
});
