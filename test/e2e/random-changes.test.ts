import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { seedsFor } from '../support/seeds.ts';
import { ensureBuilt } from './support/build.ts';
import { ChangingTree } from './support/changing-tree.ts';
import { KillableTransfer } from './support/killable-transfer.ts';
import { contents } from './support/stage.ts';
import { it } from './support/staged.ts';

const SEEDS = 2;
/** All files together, about. */
const BYTES = 22_000_000;

beforeAll(ensureBuilt);

describe('files that change while they are sent, past kills,', () => {
  it.for(seedsFor(SEEDS))(
    'arrive as they were at some moment, or not at all (seed %d)',
    { timeout: 120_000 },
    async (seed, { stage }) => {
      const random = new SeededRandom(seed);
      const [folder, out] = [await stage.folder(), await stage.folder()];
      const root = join(folder, 'tree');
      const tree = await ChangingTree.plant(random.fork('tree'), root);
      const server = random.chance(0.5) ? (await stage.server()).endpoint : undefined;
      const transfer = await KillableTransfer.begin(stage, {
        paths: [root],
        out,
        ...(server !== undefined && { server }),
        sending: ['--skip-changed', '--limit', '10MB/s'],
        mayChange: true,
      });
      const enough = new AbortController();
      const changing = tree.change(enough.signal);
      try {
        await transfer.killSometimes(random.fork('kills'), BYTES);
        await transfer.finish();
      } finally {
        enough.abort();
        await changing;
      }
      expect(await contents(out)).toEqual(['tree']);
      expect(await tree.strangers(join(out, 'tree'))).toEqual([]);
    },
  );
});
