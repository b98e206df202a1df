import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { Crossing, FILE_BYTES, homes, MEGABITS, pathKinds } from './support/crossing.ts';
import { Lab, skipReason } from './support/lab.ts';
import { cutDirect, healDirect, limitRate, sentBytes } from './support/line-faults.ts';
import { nat } from './support/nat-recipes.ts';
import { Stage } from './support/stage.ts';

const reason = skipReason();
if (reason) console.warn(`path-changes: skipped: ${reason}`);

const MIB = 2 ** 20;
/** Headers, acknowledgements, what is lost in the queue of the line, and once what was in flight. */
const MOST_SENT = 1.1 * FILE_BYTES + 2 * MIB;
const FORGET_EVERY_MS = 5000;

const stage = new Stage();
let lab: Lab;

beforeAll(async () => {
  if (reason !== undefined) return;
  await ensureBuilt();
  lab = await Lab.create();
  await limitRate(lab, 'rb', 'lan', MEGABITS);
});
afterEach(async () => {
  await stage.clear();
  if (reason === undefined) await healDirect(lab);
});
afterAll(async () => {
  if (reason === undefined) await lab.down();
});

describe.skipIf(reason)('a transfer', () => {
  it('that starts on the relay becomes direct while it runs', async () => {
    await homes(lab);
    await cutDirect(lab);
    const crossing = await Crossing.begin(stage, lab);
    await crossing.hasCome(0.2);
    await crossing.movesTo('direct', () => healDirect(lab));
    await crossing.arrives();
    for (const peer of crossing.peers) expect(pathKinds(peer)).toEqual(['relay', 'direct']);
  });

  it('whose direct path dies is on the relay within 5 s, then back, and sends nothing twice', async () => {
    await homes(lab);
    const before = await sentBytes(lab, 'a');
    const crossing = await Crossing.begin(stage, lab);
    await crossing.hasCome(0.1);
    const cut = performance.now();
    await crossing.movesTo('relay', () => cutDirect(lab));
    expect(performance.now() - cut).toBeLessThan(5000);
    await crossing.hasCome(0.4);
    await crossing.movesTo('direct', () => healDirect(lab));
    await crossing.arrives();
    for (const peer of crossing.peers) {
      expect(pathKinds(peer).slice(-3)).toEqual(['direct', 'relay', 'direct']);
    }
    expect((await sentBytes(lab, 'a')) - before).toBeLessThan(MOST_SENT);
  });
});

describe.skipIf(reason)('a transfer', () => {
  it('that runs directly does not notice the end of the server', async () => {
    await homes(lab);
    const crossing = await Crossing.begin(stage, lab);
    await crossing.hasCome(0.2);
    const news = crossing.peers.map((peer) => peer.all('path').length + peer.all('status').length);
    crossing.server.program.signal('SIGKILL');
    await crossing.arrives();
    const more = crossing.peers.map((peer) => peer.all('path').length + peer.all('status').length);
    // The sender verifies, and so does the receiver: nothing else has happened.
    expect(more).toEqual(news.map((count) => count + 1));
  });

  it.each([
    ['keep', 'direct', nat.portRestricted, nat.portRestricted],
    ['draw', 'direct', nat.symmetric, nat.fullCone],
    ['draw', 'relay', nat.symmetric, nat.symmetric],
  ] as const)('outlives routers that %s ports and forget every 5 s: %s', async (...row) => {
    const [, kind, ofA, ofB] = row;
    await homes(lab, ofA, ofB);
    const crossing = await Crossing.begin(stage, lab);
    await crossing.hasCome(0.1);
    let forgotten = 0;
    const forget = setInterval(() => {
      forgotten += 1;
      void lab.forget('ra');
      void lab.forget('rb');
    }, FORGET_EVERY_MS);
    try {
      await crossing.arrives();
    } finally {
      clearInterval(forget);
    }
    expect(forgotten).toBeGreaterThan(0);
    for (const peer of crossing.peers) {
      // The end may come while a forgotten path is being opened again.
      expect(peer.all('done')).toHaveLength(1);
      expect(peer.all('path').map((path) => path.kind)).toContain(kind);
    }
  });
});
