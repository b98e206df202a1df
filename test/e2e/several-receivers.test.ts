import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectFailure, expectSuccess } from './support/expectations.ts';
import type { Program } from './support/program.ts';
import { contents, type Sending, type Stage } from './support/stage.ts';
import { it } from './support/staged.ts';
import { snapshot, writeTree } from './support/tree.ts';

/** On loopback that takes a third of a second, in which somebody can be killed. */
const LARGE = 60_000_000;
const SMALL = 1_000_000;
/** So that what is to happen on the way does not happen behind the end. */
const SLOWLY = ['--limit', '20MB'];
const NAME = 'tree';

beforeAll(ensureBuilt);

describe('three receivers, one of them late and one killed and coming back,', () => {
  const options = { timeout: 90_000 };

  it.for([
    { flags: [], how: 'directly' },
    { flags: ['--relay-only'], how: 'through the relay' },
  ])('have three identical trees $how', options, async ({ flags }, { stage }) => {
    const options = { server: await serverOf(stage), flags };
    const scene = await Scene.begin(stage, '3', options, LARGE);
    const [steady, killed, late] = await scene.folders(3);
    const first = scene.receive(steady);
    const victim = scene.receive(killed, SLOWLY);
    await victim.event('progress', ({ bytes }) => bytes > 0);
    await victim.end();
    await scene.sender.event('status', ({ phase }) => phase === 'reconnecting');
    await expectSuccess(first);
    const others = [scene.receive(killed), scene.receive(late)];
    await expectSuccess(...others, scene.sender);
    for (const folder of [steady, killed, late]) await scene.expectTree(folder);
    expect(others[0]?.all('offer')).toMatchObject([{ resumed: true }]);
    expect(scene.ends.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
    const kinds = new Set(scene.sender.all('path').map(({ kind }) => kind));
    expect([...kinds]).toEqual([flags.length === 0 ? 'direct' : 'relay']);
  });

  it('have them on one machine without any server', options, async ({ stage }) => {
    const scene = await Scene.begin(stage, '3', {});
    const folders = await scene.folders(3);
    const receivers = folders.map((folder) => scene.receive(folder));
    await expectSuccess(...receivers, scene.sender);
    for (const folder of folders) await scene.expectTree(folder);
  });
});

describe('a sender of several', () => {
  it('goes on with the others when one declines', async ({ stage }) => {
    const scene = await Scene.begin(stage, '2', { server: await serverOf(stage) });
    const [one, two, three] = await scene.folders(3);
    await writeTree(join(String(one), NAME), 1000);
    const unwilling = scene.receive(one);
    await expectFailure(unwilling, { code: 'P2P_TARGET_EXISTS', exit: 9 });
    await expectSuccess(scene.receive(two), scene.receive(three), scene.sender);
    for (const folder of [two, three]) await scene.expectTree(folder);
    expect(scene.ends).toMatchObject([
      { receiver: 1, state: 'failed', code: 'P2P_TARGET_EXISTS' },
      { state: 'done' },
      { state: 'done' },
    ]);
  });

  it('lets nobody in any more when all have it', async ({ stage }) => {
    const scene = await Scene.begin(stage, '2', { server: await serverOf(stage) });
    const [one, two, three] = await scene.folders(3);
    await expectSuccess(scene.receive(one), scene.receive(two), scene.sender);
    await expectFailure(scene.receive(three), { code: 'P2P_CODE_USED', exit: 3 });
    expect(await contents(String(three))).toEqual([]);
  });
});

describe('a sender of several that was killed', () => {
  it('goes on under the same code, with those who are left', async ({ stage }) => {
    const { scene, left, folder } = await killed(stage);
    const again = await scene.sendAgain();
    await expectSuccess(left, again);
    await scene.expectTree(folder);
    expect(again.all('receiver')).toHaveLength(1);
  });

  it('keeps the code when it is interrupted before they are back', async ({ stage }) => {
    const { scene, left, folder } = await killed(stage);
    const { code } = await scene.sender.event('code');
    const hasty = await scene.sendAgain();
    hasty.signal('SIGTERM');
    expect(await hasty.exit()).toEqual({ code: 143, signal: null });
    const again = await scene.sendAgain();
    expect((await again.event('code')).code).toBe(code);
    await expectSuccess(left, again);
    await scene.expectTree(folder);
  });

  it('when all had it begins anew, and waits for nobody of before', async ({ stage }) => {
    const scene = await Scene.begin(stage, '2', { server: await serverOf(stage) });
    const [one, two] = await scene.folders(2);
    const { code } = await scene.sender.event('code');
    const receivers = [scene.receive(one), scene.receive(two)];
    await Promise.all(
      [1, 2].map((number) => scene.sender.event('file', ({ receiver }) => receiver === number)),
    );
    await scene.sender.end();
    await expectSuccess(...receivers);
    const again = await scene.sendAgain();
    expect((await again.event('code')).code).not.toBe(code);
  });
});

describe('a sender of several that waits', () => {
  it('without a limit serves whoever comes until nobody does', async ({ stage }) => {
    const flags = ['--timeout', '8s'];
    const scene = await Scene.begin(stage, 'unlimited', { server: await serverOf(stage), flags });
    for (const folder of await scene.folders(2)) {
      const receiver = scene.receive(folder);
      await expectSuccess(receiver);
      await scene.expectTree(folder);
    }
    await expectSuccess(scene.sender);
    expect(scene.ends.map(({ receiver }) => receiver)).toEqual([1, 2]);
  });

  it('says so when not so many come in time', async ({ stage }) => {
    const flags = ['--timeout', '2s'];
    const scene = await Scene.begin(stage, '2', { server: await serverOf(stage), flags });
    const [one] = await scene.folders(1);
    await expectSuccess(scene.receive(one));
    await expectFailure(scene.sender, { code: 'P2P_TIMEOUT', exit: 6 });
  });
});

/** Each test has its own: it would take so many from one address for an attack. */
async function serverOf(stage: Stage): Promise<string> {
  return (await stage.server()).endpoint;
}

/** A sender of two that was killed when one had everything, and the other one some. */
async function killed(stage: Stage) {
  const scene = await Scene.begin(stage, '2', { server: await serverOf(stage) }, LARGE);
  const [one, two] = await scene.folders(2);
  await expectSuccess(scene.receive(one));
  await scene.sender.event('receiver');
  const left = scene.receive(two, SLOWLY);
  await left.event('progress', ({ bytes }) => bytes > 0);
  await scene.sender.end();
  return { scene, left, folder: two };
}

/** One sender of a tree, and those who come for it. */
class Scene {
  readonly #stage: Stage;
  readonly #tree: string;
  readonly #options: Sending;
  readonly #count: string;
  #sender!: Program;
  #code = '';

  private constructor(stage: Stage, tree: string, count: string, options: Sending) {
    this.#stage = stage;
    this.#tree = tree;
    this.#count = count;
    this.#options = options;
  }

  static async begin(stage: Stage, count: string, options: Sending, bytes = SMALL): Promise<Scene> {
    const tree = join(await stage.folder(), NAME);
    await writeTree(tree, bytes);
    const scene = new Scene(stage, tree, count, options);
    await scene.sendAgain();
    return scene;
  }

  get sender(): Program {
    return this.#sender;
  }

  /** What became of the receivers. */
  get ends() {
    return this.#sender.all('receiver');
  }

  async sendAgain(): Promise<Program> {
    const { flags = [], ...others } = this.#options;
    const all = ['--receivers', this.#count, ...flags];
    this.#sender = this.#stage.send(this.#tree, { ...others, flags: all });
    this.#code = (await this.#sender.event('code')).code;
    return this.#sender;
  }

  receive(folder: string | undefined, more: readonly string[] = []): Program {
    const { flags: _, ...options } = this.#options;
    const way = this.#options.flags?.includes('--relay-only') ? ['--relay-only'] : [];
    const flags = [...way, ...more];
    return this.#stage.receive(this.#code, { ...options, flags, out: String(folder) });
  }

  async folders(count: number): Promise<string[]> {
    return await Promise.all(Array.from({ length: count }, () => this.#stage.folder()));
  }

  async expectTree(folder: string | undefined): Promise<void> {
    const out = String(folder);
    expect(await contents(out)).toEqual([NAME]);
    expect(await snapshot(join(out, NAME))).toEqual(await snapshot(this.#tree));
  }
}
