import { describe, expect, it } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import { RateCap } from '../../src/protocol/transport/rate-cap.ts';
import { bothWays } from '../support/scenarios.ts';
import { forEachSeed } from '../support/seeds.ts';
import { Scene } from './scene.ts';

const SEEDS = 3;
/** Bytes a second. */
const LIMIT = 200_000;
const SECONDS = 10;
const BYTES = LIMIT * SECONDS;
const LINES = {
  fast: bothWays({ rate: 200_000_000, delay: millis(10) }),
  lossy: bothWays({ rate: 20_000_000, delay: millis(40), loss: 0.02 }),
};

describe.each(Object.entries(LINES))('on a %s line', (name, line) => {
  forEachSeed('a limit of the sender is kept', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: BYTES, line });
    const meeting = scene.meet({ caps: [new RateCap(LIMIT)] });
    scene.expectTransfer(meeting);
    expectRate(meeting, name);
  });

  forEachSeed('a limit of the receiver is kept', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: BYTES, line });
    const meeting = scene.meet({}, { onOffer: (receiver) => receiver.accept(LIMIT) });
    scene.expectTransfer(meeting);
    expectRate(meeting, name);
  });
});

describe('the last word of a receiver', () => {
  it('is said again soon when it is lost, though pings of before were lost as well (seed 2078662360)', () => {
    const scene = new Scene(2078662360, { bytes: BYTES, line: LINES.lossy });
    const meeting = scene.meet({}, { onOffer: (receiver) => receiver.accept(LIMIT) });
    scene.expectTransfer(meeting);
    const { sender, receiver } = meeting;
    const wait = sender.timeOf('verified') - receiver.timeOf('complete');
    expect(wait).toBeLessThan(1000);
  });
});

describe('of two limits', () => {
  it('the lower one counts', () => {
    const line = LINES.fast;
    const scene = new Scene(1, { bytes: BYTES, line });
    const accept = {
      onOffer: (receiver: { accept(limit: number): void }) => receiver.accept(LIMIT),
    };
    const meeting = scene.meet({ caps: [new RateCap(50 * LIMIT)] }, accept);
    scene.expectTransfer(meeting);
    expectRate(meeting, 'fast');
  });
});

/** Headers count, and what is lost is sent again, and takes its share. */
function expectRate({ sender, receiver }: ReturnType<Scene['meet']>, name: string): void {
  const rate = (1000 * BYTES) / (receiver.timeOf('complete') - sender.timeOf('accepted'));
  expect(rate).toBeLessThan(1.02 * LIMIT);
  expect(rate).toBeGreaterThan((name === 'lossy' ? 0.88 : 0.95) * LIMIT);
}
