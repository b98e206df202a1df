import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StatusEvent } from '../../src/client/api/events.ts';
import { ensureBuilt } from './support/build.ts';
import { Crossing, homes, isFull, MEGABITS } from './support/crossing.ts';
import { Lab, skipReason } from './support/lab.ts';
import { limitRate } from './support/line-faults.ts';
import { nat } from './support/nat-recipes.ts';
import { Stage } from './support/stage.ts';

const reason = skipReason();
if (reason) console.warn(`sleep: skipped: ${reason}`);

/** Long enough that it is missed, and that every path to it is given up. */
const SLEEP_MS = isFull ? 300_000 : 8000;
const RESUMED_WITHIN_MS = 5000;

const ALL = [
  ['sender', 'direct', nat.portRestricted],
  ['receiver', 'direct', nat.portRestricted],
  ['sender', 'relay', nat.symmetric],
  ['receiver', 'relay', nat.symmetric],
] as const;

const stage = new Stage();
let lab: Lab;

beforeAll(ensureBuilt);
afterEach(() => stage.clear());

describe.skipIf(reason)('a transfer of which one side is stopped', () => {
  beforeAll(async () => {
    lab = await Lab.create();
    await limitRate(lab, 'rb', 'lan', MEGABITS);
  });
  afterAll(() => lab.down());

  it.each(isFull ? ALL : ALL.slice(1, 3))(
    'goes on within 5 s of its waking, while the other one says that it waits: %s, %s',
    async (sleeper, _kind, recipe) => {
      await homes(lab, recipe, recipe);
      const crossing = await Crossing.begin(stage, lab);
      await crossing.hasCome(0.2);
      const waiting = sleeper === 'sender' ? crossing.receiver : crossing.sender;
      crossing[sleeper].signal('SIGSTOP');
      const isLong = (status: StatusEvent) =>
        status.phase === 'reconnecting' && status.silentMs >= SLEEP_MS;
      await waiting.event('status', isLong, 2 * SLEEP_MS);
      const bytes = crossing.receiver.all('progress').at(-1)?.bytes ?? 0;
      crossing[sleeper].signal('SIGCONT');
      const woken = performance.now();
      await crossing.receiver.event('progress', (progress) => progress.bytes > bytes);
      expect(performance.now() - woken).toBeLessThan(RESUMED_WITHIN_MS);
      await crossing.arrives();
      const phases = waiting.all('status').map(({ phase }) => phase);
      expect(phases.slice(phases.lastIndexOf('reconnecting') + 1)[0]).toBe('transferring');
      expect(crossing[sleeper].all('status').map(({ phase }) => phase)).not.toContain(
        'reconnecting',
      );
    },
    2 * SLEEP_MS + 120_000,
  );
});
