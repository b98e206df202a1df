import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { ensureBuilt } from './support/build.ts';
import { expectSuccess } from './support/expectations.ts';
import type { Program, ProgramEvent } from './support/program.ts';
import { contents, finalContents, type Stage } from './support/stage.ts';
import { it } from './support/staged.ts';
import { snapshot, writeTree } from './support/tree.ts';

const { P2PSHARE_KILLS, P2PSHARE_SEED } = process.env;
const ROUNDS = Number(P2PSHARE_KILLS ?? 3);
const SEED = Number(P2PSHARE_SEED ?? Date.now() % 1_000_000);
/** On loopback that takes a quarter of a second. */
const BYTES = 60_000_000;
const NAME = 'tree';
/** How long after an event somebody is killed, at most. */
const DELAY_MS = 60;

beforeAll(ensureBuilt);

type Victim = 'sender' | 'receiver' | 'both';

describe.each<Victim>(['sender', 'receiver', 'both'])('kill -9 of %s', (victim) => {
  const seeds = Array.from({ length: ROUNDS }, (_, round) => SEED + round);
  it.for(seeds)(
    'at any moment, and the same command again, brings the tree whole (seed %d)',
    { timeout: 90_000 },
    async (seed, { stage }) => {
      const random = new SeededRandom(seed).fork(victim);
      const scene = await Scene.begin(stage);
      await scene.reach(momentOf(random));
      await setTimeout(random.uniform() * DELAY_MS);
      await scene.kill(victim);
      await scene.expectTree();
    },
  );
});

// The sender, once it has been met, waits for that receiver and not under the code itself.
it('after a kill of both, the same code brings the tree to another folder as well', async ({
  stage,
}) => {
  const scene = await Scene.begin(stage);
  await scene.reach({
    side: 'receiver',
    tells: (event) => event.event === 'progress' && event.bytes > BYTES / 3,
  });
  await scene.kill('both', await stage.folder());
  await scene.expectTree();
});

/** When to begin counting, by what a side tells. */
interface Moment {
  readonly side: 'sender' | 'receiver';
  readonly tells: (event: ProgramEvent) => boolean;
}

const MOMENTS: readonly Moment[] = (['sender', 'receiver'] as const).flatMap((side) => [
  { side, tells: (event) => event.event === 'status' && event.phase === 'waiting-for-peer' },
  { side, tells: (event) => event.event === 'peer' },
  { side, tells: (event) => event.event === 'offer' },
  { side, tells: (event) => event.event === 'status' && event.phase === 'transferring' },
  { side, tells: (event) => event.event === 'progress' && event.bytes > BYTES / 3 },
  { side, tells: (event) => event.event === 'status' && event.phase === 'verifying' },
  { side, tells: (event) => event.event === 'file' },
]);

function momentOf(random: SeededRandom): Moment {
  return MOMENTS[random.integer(MOMENTS.length)] as Moment;
}

/** Two programs that can be killed and started again, on the local network alone. */
class Scene {
  readonly #stage: Stage;
  readonly #tree: string;
  #out: string;
  #sender!: Program;
  #receiver!: Program;
  #code = '';

  private constructor(stage: Stage, parts: { tree: string; out: string }) {
    this.#stage = stage;
    this.#tree = parts.tree;
    this.#out = parts.out;
  }

  static async begin(stage: Stage): Promise<Scene> {
    const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
    const tree = join(folder, NAME);
    await writeTree(tree, BYTES);
    const scene = new Scene(stage, { tree, out });
    scene.#sender = scene.#send();
    scene.#code = (await scene.#sender.event('code')).code;
    scene.#receiver = scene.#receive();
    return scene;
  }

  async reach({ side, tells }: Moment): Promise<void> {
    const program = side === 'sender' ? this.#sender : this.#receiver;
    await program.reach(tells);
  }

  /** Kills, and starts again; the receiver with `out` for what comes. */
  async kill(victim: Victim, out = this.#out): Promise<void> {
    const ends: Promise<void>[] = [];
    if (victim !== 'receiver') ends.push(this.#sender.end());
    if (victim !== 'sender') ends.push(this.#receiver.end());
    await Promise.all(ends);
    await this.#expectNothingPartial();
    this.#out = out;
    if (victim !== 'receiver') this.#sender = this.#send();
    if (victim !== 'sender') this.#receiver = this.#receive();
  }

  async expectTree(): Promise<void> {
    if (await this.#wasOver()) await this.#sender.end();
    else await expectSuccess(this.#sender, this.#receiver);
    expect(await snapshot(join(this.#out, NAME))).toEqual(await snapshot(this.#tree));
    expect(await contents(this.#out)).toEqual([NAME]);
  }

  /** A tree has its final name as a whole, or not at all. */
  async #expectNothingPartial(): Promise<void> {
    if ((await finalContents(this.#out)).length === 0) return;
    expect(await snapshot(join(this.#out, NAME))).toEqual(await snapshot(this.#tree));
  }

  /** A sender that makes another code has known, before it was killed, that the file had arrived. */
  async #wasOver(): Promise<boolean> {
    const { code } = await this.#sender.event('code');
    if (code === this.#code) return false;
    expect((await this.#receiver.exit()).code).toBe(0);
    return true;
  }

  #send(): Program {
    return this.#stage.send(this.#tree);
  }

  #receive(): Program {
    return this.#stage.receive(this.#code, { out: this.#out });
  }
}
