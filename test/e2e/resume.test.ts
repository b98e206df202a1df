import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { ensureBuilt } from './support/build.ts';
import { expectFailure } from './support/expectations.ts';
import { KillableTransfer, type Victim } from './support/killable-transfer.ts';
import { contents, finalContents, type Stage } from './support/stage.ts';
import { it } from './support/staged.ts';
import { snapshot, writeTree } from './support/tree.ts';

const { P2PSHARE_KILLS, P2PSHARE_SEED } = process.env;
const ROUNDS = Number(P2PSHARE_KILLS ?? 3);
const SEED = Number(P2PSHARE_SEED ?? Date.now() % 1_000_000);
/** On loopback that takes a quarter of a second. */
const BYTES = 60_000_000;
const NAME = 'tree';

beforeAll(ensureBuilt);

describe.each<Victim>(['sender', 'receiver', 'both'])('kill -9 of %s', (victim) => {
  const seeds = Array.from({ length: ROUNDS }, (_, round) => SEED + round);
  it.for(seeds)(
    'at any moment, and the same command again, brings the tree whole (seed %d)',
    { timeout: 90_000 },
    async (seed, { stage }) => {
      const { tree, out } = await twoFolders(stage);
      const transfer = await KillableTransfer.begin(stage, { paths: [tree], out });
      await transfer.killAtRandom(new SeededRandom(seed).fork(victim), victim, BYTES);
      await expectNothingPartial(tree, out);
      await transfer.restart(victim);
      await transfer.finish();
      await expectTree(tree, out);
    },
  );
});

// The sender, once it has been met, waits for that receiver and not under the code itself.
it('after a kill of both, the same code brings the tree to another folder as well', async ({
  stage,
}) => {
  const { tree, out } = await twoFolders(stage);
  const transfer = await KillableTransfer.begin(stage, { paths: [tree], out });
  await transfer.reach({
    side: 'receiver',
    tells: (event) => event.event === 'progress' && event.bytes > BYTES / 3,
  });
  await transfer.kill('both');
  await expectNothingPartial(tree, out);
  const other = await stage.folder();
  await transfer.restart('both', other);
  await transfer.finish();
  await expectTree(tree, other);
});

// The server still keeps it for the process that died, and whoever comes would wait for that.
it('the code of a sender that died and went on is used up afterwards', async ({ stage }) => {
  const { tree, out } = await twoFolders(stage);
  const server = (await stage.server()).endpoint;
  const plan = { server, sending: ['--limit', '100MB/s'] };
  const transfer = await KillableTransfer.begin(stage, { ...plan, paths: [tree], out });
  await transfer.reach({
    side: 'receiver',
    tells: (event) => event.event === 'progress' && event.bytes > BYTES / 3,
  });
  await transfer.kill('sender');
  await transfer.restart('sender');
  await transfer.finish();
  const late = stage.receive(transfer.code, { server, out: await stage.folder() });
  await expectFailure(late, { code: 'P2P_CODE_USED', exit: 3 });
});

async function twoFolders(stage: Stage): Promise<{ tree: string; out: string }> {
  const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
  const tree = join(folder, NAME);
  await writeTree(tree, BYTES);
  return { tree, out };
}

/** A tree has its final name as a whole, or not at all. */
async function expectNothingPartial(tree: string, out: string): Promise<void> {
  if ((await finalContents(out)).length === 0) return;
  expect(await snapshot(join(out, NAME))).toEqual(await snapshot(tree));
}

async function expectTree(tree: string, out: string): Promise<void> {
  expect(await snapshot(join(out, NAME))).toEqual(await snapshot(tree));
  expect(await contents(out)).toEqual([NAME]);
}
