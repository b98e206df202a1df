import { describe, expect, it } from 'vitest';
import { Gate } from '../../../src/io/target/gate.ts';

describe('a gate', () => {
  it('lets many in side by side, and one alone when they have left', async () => {
    const gate = new Gate();
    const log: string[] = [];
    const leave: (() => void)[] = [];
    const stay = (name: string) => async () => {
      log.push(name);
      await new Promise<void>((resolve) => leave.push(resolve));
      log.push(`-${name}`);
    };
    const all = [gate.shared(stay('a')), gate.shared(stay('b')), gate.alone(stay('alone'))];
    all.push(gate.shared(stay('c')), gate.alone(stay('last')));
    for (let left = 0; left < 5; left += 1) {
      await new Promise(setImmediate);
      leave[left]?.();
    }
    await Promise.all(all);
    expect(log.slice(0, 6)).toEqual(['a', 'b', '-a', '-b', 'alone', '-alone']);
    expect(log.slice(6).sort()).toEqual(['-c', '-last', 'c', 'last'].sort());
  });

  it('is free again after something failed inside', async () => {
    const gate = new Gate();
    const fail = () => Promise.reject(new Error('failed'));
    await expect(gate.alone(fail)).rejects.toThrow('failed');
    await expect(gate.shared(fail)).rejects.toThrow('failed');
    expect(await gate.alone(async () => 1)).toBe(1);
  });
});
