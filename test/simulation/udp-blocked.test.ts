import { describe, expect } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import { isStream } from '../../src/protocol/wire/endpoint.ts';
import type { SessionLog } from '../protocol/session/session-log.ts';
import { forEachSeed } from '../support/seeds.ts';
import { type Meeting, Scene } from './scene.ts';
import { Streams } from './streams.ts';

const SEEDS = 3;
/** Four seconds on the line of the scene. */
const BYTES = 1_000_000;
const HALF_WAY = 1500;
const HOME = '198.51.100.10';
const OFFICE = '192.0.2.10';

describe('a transfer where UDP is blocked', () => {
  for (const [who, blocked, viaHome, viaOffice] of [
    ['at the sender', [HOME], 'relay by TCP', 'relay'],
    ['at the receiver', [OFFICE], 'relay', 'relay by TCP'],
    ['on both sides', [HOME, OFFICE], 'relay by TCP', 'relay by TCP'],
  ] as const) {
    forEachSeed(`${who} is relayed by TCP, and flows within 5 s`, SEEDS, (seed) => {
      const { scene, streams, start } = stage(seed);
      for (const address of blocked) streams.blocked.add(address);
      const begun = scene.sim.elapsed;
      const meeting = start();
      scene.expectTransfer(meeting);
      const { sender, receiver } = meeting;
      expect([paths(sender), paths(receiver)]).toEqual([[viaHome], [viaOffice]]);
      expect(receiver.timeOf('path') - begun).toBeLessThan(5000);
    });
  }

  forEachSeed('moves to UDP when that is let through', SEEDS, (seed) => {
    // Twenty-four seconds, of which REFRESH and BIND take fifteen to find out.
    const { scene, streams, start } = stage(seed, 6 * BYTES);
    streams.blocked.add(HOME);
    const meeting = start();
    scene.runUntil(() => meeting.receiver.paths.length > 0);
    scene.runFor(HALF_WAY);
    streams.blocked.clear();
    scene.expectTransfer(meeting);
    expect(paths(meeting.sender)[0]).toBe('relay by TCP');
    expect(paths(meeting.sender).at(-1)).not.toBe('relay by TCP');
  });
});

describe('a transfer by TCP', () => {
  forEachSeed('goes on within 5 s when its connection is lost', SEEDS, (seed) => {
    const { scene, streams, start } = stage(seed);
    streams.blocked.add(OFFICE);
    const meeting = start();
    scene.runUntil(() => meeting.receiver.paths.length > 0);
    scene.runFor(HALF_WAY);
    streams.lose(scene.officeHost, meeting.receiver);
    scene.expectTransfer(meeting);
    expect(paths(meeting.receiver)).toEqual(['relay by TCP']);
    expect(meeting.receiver.all('dial')).toHaveLength(2);
    // Four seconds of transfer, and what the search takes.
    expect(scene.sim.elapsed).toBeLessThan(12_000);
  });

  forEachSeed('ends with an error when there is no way any more', SEEDS, (seed) => {
    const { scene, streams, start } = stage(seed);
    streams.blocked.add(OFFICE);
    const { sender, receiver } = start();
    scene.runUntil(() => receiver.paths.length > 0);
    scene.runFor(HALF_WAY);
    streams.open = false;
    // A peer that is away is waited for ten minutes.
    scene.runUntil(() => sender.ended && receiver.ended, millis(700_000));
    expect([sender.failure, receiver.failure]).toEqual(['P2P_INTERRUPTED', 'P2P_INTERRUPTED']);
  });

  forEachSeed('is not tried where a direct path is asked for', SEEDS, (seed) => {
    const { scene, streams } = stage(seed);
    streams.blocked.add(OFFICE);
    const { sender, receiver } = scene.meet(
      { ...streams.options(scene.homeHost), policy: 'direct' },
      { ...streams.options(scene.officeHost), policy: 'direct' },
    );
    scene.runUntil(() => sender.ended && receiver.ended);
    expect(receiver.failure).toBe('P2P_PEER_UNREACHABLE');
    expect(receiver.find('joined')).toBeDefined();
  });
});

describe('a transfer during which UDP', () => {
  for (const [where, address] of [
    ['at home', HOME],
    ['in the office', OFFICE],
  ] as const) {
    forEachSeed(`is blocked ${where} goes on by TCP within 5 s`, SEEDS, (seed) => {
      const { scene, streams, start } = stage(seed);
      const meeting = start();
      scene.runUntil(() => meeting.receiver.paths.length > 0);
      scene.runFor(HALF_WAY);
      streams.blocked.add(address);
      const blockedAt = scene.sim.elapsed;
      scene.expectTransfer(meeting);
      const peer = address === HOME ? meeting.sender : meeting.receiver;
      expect(paths(peer).at(-1)).toBe('relay by TCP');
      const moved = peer.timeOf((event) => event.kind === 'path' && isStream(event.path.remote));
      expect(moved - blockedAt).toBeLessThan(5000);
    });
  }
});

/** A scene with connections, and what starts both peers of it. */
function stage(
  seed: number,
  bytes = BYTES,
): { scene: Scene; streams: Streams; start: () => Meeting } {
  const scene = new Scene(seed, { bytes });
  const streams = new Streams(scene);
  const start = () =>
    scene.meet(streams.options(scene.homeHost), streams.options(scene.officeHost));
  return { scene, streams, start };
}

function paths(peer: SessionLog): string[] {
  return peer
    .all('path')
    .map(({ path }) => `${path.kind}${isStream(path.remote) ? ' by TCP' : ''}`);
}
