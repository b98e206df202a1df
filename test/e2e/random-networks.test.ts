import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { seedsFor } from '../support/seeds.ts';
import { ensureBuilt } from './support/build.ts';
import { KillableTransfer } from './support/killable-transfer.ts';
import { Lab, skipReason } from './support/lab.ts';
import { RandomFaults, RECIPES } from './support/random-faults.ts';
import { sha256, writeSample } from './support/sample.ts';
import { it } from './support/staged.ts';

const reason = skipReason();
if (reason) console.warn(`random-networks: skipped: ${reason}`);

const SEEDS = 2;
const FAULTS = 3;
const BYTES = 16 * 2 ** 20;
/** So that there is something left to go on with after each fault. */
const RATE = '2MB/s';

let lab: Lab;

beforeAll(async () => {
  if (reason !== undefined) return;
  await ensureBuilt();
  lab = await Lab.create();
});
afterAll(async () => {
  if (reason === undefined) await lab.down();
});

describe.skipIf(reason)('a file between random networks', () => {
  it.for(seedsFor(SEEDS))(
    'arrives past whatever happens to them, to the server and to both ends (seed %d)',
    { timeout: 120_000 },
    async (seed, { stage }) => {
      const random = new SeededRandom(seed);
      const faults = await RandomFaults.begin(random.fork('faults'), stage, lab);
      const networks = [faults.pick(RECIPES), faults.pick(RECIPES)] as const;
      await Promise.all([lab.nat('ra', networks[0]), lab.nat('rb', networks[1])]);
      const happened = networks.map(({ name }) => name);
      const folder = await stage.folder();
      const [file, out] = [join(folder, 'sample.bin'), join(folder, 'out')];
      const [sum] = await Promise.all([writeSample(file, BYTES), mkdir(out)]);
      const transfer = await KillableTransfer.begin(stage, {
        paths: [file],
        out,
        from: { lab, host: 'a' },
        to: { lab, host: 'b' },
        server: faults.endpoint,
        flags: ['--limit', RATE, ...(random.chance(0.2) ? ['--relay-only'] : [])],
      });
      // Before they have met, a server that was restarted knows of neither.
      await transfer.reach({ side: 'receiver', tells: ({ event }) => event === 'peer' });
      try {
        for (let left = FAULTS; left > 0 && !(await transfer.isOver()); left -= 1) {
          happened.push(await faults.strike(transfer));
        }
        await transfer.finish();
        expect(await sha256(join(out, 'sample.bin'))).toBe(sum);
      } catch (error) {
        console.error(`seed ${seed}: ${happened.join(', ')}`);
        throw error;
      }
    },
  );
});
