import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Arena } from './support/arena.ts';
import { ensureBuilt } from './support/build.ts';
import { Capture } from './support/capture.ts';
import { ForeignFlows } from './support/foreign-flows.ts';
import { skipReason } from './support/lab.ts';
import { type ClientName, type RouterName, sites } from './support/lab-topology.ts';
import { crossAs } from './support/matrix-cell.ts';
import type { Letter } from './support/nat-matrix.ts';
import { type NatRecipe, nat } from './support/nat-recipes.ts';

const reason = skipReason();
if (reason) console.warn(`nat-scenes: skipped: ${reason}`);

/** The letters' limits are for a machine that has nothing else to do. */
const SLACK = 5;
/** docs/protocol-paths.md: one round of a search, and 40 probes to each of 16 named addresses. */
const SEARCH_PROBES = 2048;
const PLAIN_PROBES = 16 * 40;
const LARGEST_PROBE = 64;

const { P2PSHARE_TRIALS: trialsWanted = '1' } = process.env;
const busyTrials = Number(trialsWanted);

let arena: Arena;

beforeAll(async () => {
  if (reason) return;
  await ensureBuilt();
  arena = await Arena.create();
});
afterAll(() => arena?.close());

describe.skipIf(reason)('two peers', () => {
  describe('of one network', () => {
    afterAll(() => arena.lab.isolateClients('ra', false));

    it('stay inside it, and not a byte is relayed', async () => {
      await arena.lab.nat('ra', nat.portRestricted);
      const crossed = await arena.cross('a', 'a2', { flags: ['--no-lan'] });
      expect(crossed).toMatchObject({ path: 'direct', via: ['host'], relayedBytes: 0 });
    });

    it.each<[string, NatRecipe, Letter]>([
      ['a hairpin lets them meet at their router', nat.portRestrictedHairpin, 'D'],
      ['they are relayed without a hairpin', nat.portRestricted, 'R'],
    ])('that isolates its clients: %s', async (_how, recipe, letter) => {
      await arena.lab.nat('ra', recipe);
      await arena.lab.isolateClients('ra', true);
      await crossAs(letter, arena, ['a', 'a2'], SLACK);
    });
  });

  describe('one of them behind a carrier', () => {
    it.each<[ClientName, ClientName]>([
      ['c1', 'b'],
      ['b', 'c1'],
    ])('meet, if it maps endpoint-independently: %s to %s', async (from, to) => {
      await homes({ cgn: nat.portRestricted });
      await crossAs('D', arena, [from, to], SLACK);
    });

    it.each<[string, Parameters<typeof homes>[0]]>([
      ['that is symmetric', { cgn: nat.symmetric }],
      ['that is a full cone, in a symmetric home', { cgn: nat.fullCone, h1: nat.symmetric }],
    ])('%s', async (_kind, carrier) => {
      await homes(carrier);
      await crossAs('B', arena, ['c1', 'b'], SLACK);
    });
  });

  it.each<[string, NatRecipe, Letter]>([
    ['meet in it, if it has a hairpin', nat.portRestrictedHairpin, 'D'],
    ['are relayed, if it has none', nat.portRestricted, 'R'],
  ])('behind one carrier %s', async (_how, cgn, letter) => {
    await homes({ cgn });
    await crossAs(letter, arena, ['c1', 'c2'], SLACK);
  });

  it('meet if the addresses of one vary and the other lets everybody in', async () => {
    await homes({ ra: nat.symmetricPool, rb: nat.fullCone });
    await crossAs('D', arena, ['a', 'b'], SLACK);
  });
});

describe.skipIf(reason)('a search for the ports of a NAT', () => {
  it.each<[string, NatRecipe]>([
    ['finds one that gives them in sequence', nat.portRestricted],
    ['lets two meet that give them in sequence', nat.symmetricSequential],
  ])('%s, though others take a hundred in a second', async (_what, ra) => {
    const { lab } = arena;
    await homes({ ra, rb: nat.symmetricSequential });
    const others = [
      await ForeignFlows.start(lab, 'a2', 100),
      await ForeignFlows.start(lab, 'b2', 100),
    ];
    await tryOften(() => crossAs('P', arena, ['a', 'b'], SLACK));
    for (const other of others) expect(await other.stop()).toBeGreaterThan(0);
  });

  it.each<[string, NatRecipe, NatRecipe, number | undefined]>([
    ['a search from one side', nat.portRestricted, nat.symmetric, 2048],
    ['a search from both', nat.symmetricBlock512, nat.symmetricBlock2048, 2048],
    ['what is done where all is in vain', nat.symmetric, nat.symmetric, undefined],
  ])('keeps to its budget, and to small probes: %s', async (_kind, ra, rb, relayKBps) => {
    const { lab } = arena;
    await homes({ ra, rb });
    const captures = [await Capture.start(lab, 'a'), await Capture.start(lab, 'b')];
    // What the router is asked goes no further than there (port-mapping.test.ts).
    await arena.cross('a', 'b', { flags: ['--no-lan', '--no-port-mapping'], relayKBps });
    for (const capture of captures) {
      const { packets, largest } = await capture.unanswered();
      expect(packets).toBeGreaterThan(0);
      expect(packets).toBeLessThanOrEqual(SEARCH_PROBES + PLAIN_PROBES);
      expect(largest).toBeLessThanOrEqual(LARGEST_PROBE);
    }
  });
});

/** Nineteen of twenty must do, since other hosts take ports as they like; if it is one, it may try again. */
async function tryOften(cross: () => Promise<unknown>): Promise<void> {
  const allowed = Math.max(1, Math.floor(busyTrials / 20));
  const failures: unknown[] = [];
  for (let successes = 0; successes < Math.max(1, busyTrials - allowed); ) {
    try {
      await cross();
      successes += 1;
    } catch (failure) {
      failures.push(failure);
      if (failures.length > allowed) throw failure;
    }
  }
}

/** All homes that are not named have an ordinary router, and so has the carrier. */
async function homes(recipes: Partial<Record<RouterName, NatRecipe>>): Promise<void> {
  const routers = Object.keys(sites) as RouterName[];
  await Promise.all(
    routers.map((router) => arena.lab.nat(router, recipes[router] ?? nat.portRestricted)),
  );
}
