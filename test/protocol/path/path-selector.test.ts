import { describe, expect, it } from 'vitest';
import { CandidatePair } from '../../../src/protocol/path/candidate-pair.ts';
import { PathSelector } from '../../../src/protocol/path/path-selector.ts';
import { at, endpoint } from './support.ts';

let counter = 0;

/** One more check of `pair` that takes `rtt` milliseconds. */
function check(pair: CandidatePair, rtt: number): void {
  counter += 1;
  const nonce = { counter, salt: 0 };
  pair.probeSent(nonce, false, at(0));
  expect(pair.answered(nonce, at(rtt))).toBeDefined();
}

function working(port: number, rtt: number): CandidatePair {
  const candidate = { kind: 'host', endpoint: endpoint(`203.0.113.1:${port}`) } as const;
  const pair = new CandidatePair(candidate, at(0));
  check(pair, rtt);
  return pair;
}

describe('path selector', () => {
  it('forgets a nomination when what was nominated fails, until it is repeated', () => {
    const selector = new PathSelector('controlled');
    const [first, second] = [working(4001, 10), working(4002, 10)];
    const pairs = [first, second];
    selector.nominate(second, 5);
    selector.update(pairs, at(10));
    expect(selector.pair).toBe(second);
    second.expired(at(20));
    selector.expired(second);
    selector.update(pairs, at(20));
    expect(selector.pair).toBe(first);
    check(second, 10);
    selector.update(pairs, at(30));
    expect(selector.pair).toBe(first);
    selector.nominate(second, 6);
    selector.update(pairs, at(40));
    expect(selector.pair).toBe(second);
  });

  it('compares the least round trip since a pair works, so that load does not move it', () => {
    const selector = new PathSelector('controlling');
    const [first, second] = [working(4001, 20), working(4002, 21)];
    selector.update([first, second], at(21));
    check(first, 900);
    expect(selector.update([first, second], at(900))).toBeUndefined();
    expect(selector.path?.rttMs).toBe(900);
    // After it failed, the same remote may be reached by another route.
    first.expired(at(5000));
    selector.update([first, second], at(5000));
    check(first, 900);
    expect(selector.update([first, second], at(6000))).toBeUndefined();
    expect(selector.pair).toBe(second);
    expect(first.leastRtt).toBe(900);
  });
});
