import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { seedsFor } from '../support/seeds.ts';
import { ensureBuilt } from './support/build.ts';
import { type KillablePlan, KillableTransfer } from './support/killable-transfer.ts';
import { writeOlder, writeRandomFile, writeRandomTree } from './support/random-tree.ts';
import { contents, type Stage } from './support/stage.ts';
import { it } from './support/staged.ts';
import { snapshot } from './support/tree.ts';

const SEEDS = 4;
/** In which somebody is killed: what most of them have. */
const BYTES = 20_000_000;

beforeAll(ensureBuilt);

describe('random things, sent in a random way and past kills,', () => {
  it.for(seedsFor(SEEDS))(
    'arrive whole, and leave nothing behind (seed %d)',
    { timeout: 120_000 },
    async (seed, { stage }) => {
      const random = new SeededRandom(seed);
      const [source, out] = [await stage.folder(), await stage.folder()];
      const names = ['one', 'two'].slice(0, 1 + random.integer(2));
      for (const name of names) {
        const path = join(source, name);
        await (random.chance(0.8) ? writeRandomTree(random, path) : writeRandomFile(random, path));
      }
      const isOverwritten = random.chance(0.5);
      if (isOverwritten) await writeOlder(random, source, out);
      const plan = await planOf(random.fork('plan'), stage, isOverwritten);
      const paths = names.map((name) => join(source, name));
      const transfer = await KillableTransfer.begin(stage, { ...plan, paths, out });
      await transfer.killSometimes(random.fork('kills'), BYTES);
      await transfer.finish();
      const [sent, arrived] = [await snapshot(source), await snapshot(out)];
      if (isOverwritten) expect(arrived).toMatchObject(withoutFolders(sent));
      else expect(arrived).toEqual(sent);
      expect(await contents(out)).toEqual(names);
    },
  );
});

type Plan = Omit<KillablePlan, 'paths' | 'out'>;

async function planOf(random: SeededRandom, stage: Stage, isOverwritten: boolean): Promise<Plan> {
  const some = (probability: number, ...flags: string[]) =>
    random.chance(probability) ? flags : [];
  const way = [...some(0.2, '--relay-only'), ...some(0.1, '--no-udp')];
  const isServed = way.length > 0 || random.chance(0.5);
  const conflict = isOverwritten ? ['--on-conflict', 'overwrite', ...some(0.5, '--delta')] : [];
  return {
    ...(isServed && { server: (await stage.server()).endpoint }),
    flags: way,
    sending: [
      ...some(0.3, '--limit', '20MB/s'),
      ...some(0.2, '--skip-changed'),
      ...some(0.2, '--no-compress'),
      ...some(0.2, '--encode-names'),
      ...some(0.2, '--congestion', 'cubic'),
    ],
    receiving: [...conflict, ...some(0.3, '--preserve'), ...some(0.2, '--limit', '20MB/s')],
  };
}

/** Folders that were there stay what they were. */
function withoutFolders(found: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(found).filter(([, what]) => !what.startsWith('folder')));
}
