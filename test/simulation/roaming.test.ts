import { describe, expect, it } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import type { SimulatedPeer } from '../protocol/session/simulated-peer.ts';
import type { Host } from '../support/host.ts';
import { NAT, type NatOptions } from '../support/nat.ts';
import { forEachSeed } from '../support/seeds.ts';
import { familyOf } from '../support/socket-set.ts';
import { nextSliceAt, Slices } from './observers.ts';
import { type Meeting, Scene, SLOW_LINE } from './scene.ts';

const SEEDS = 3;
/** Four seconds on the line of the scene. */
const BYTES = 1_000_000;
const HALF_WAY = 1500;
/** F8: a network that is gone costs ten seconds at most; half of it is how rarely anybody looks. */
const MOVED_WITHIN = 5000;

const ELSEWHERE = '203.0.113.77';
const NETWORKS: Record<string, NatOptions> = {
  'that lets everybody in': NAT.fullCone,
  'with an ordinary router': NAT.portRestricted,
  'that maps by destination': NAT.symmetric,
};

describe('a computer that moves to another network', () => {
  for (const side of ['sender', 'receiver'] as const) {
    for (const [name, nat] of Object.entries(NETWORKS)) {
      forEachSeed(`goes on there within 5 s: ${side}, ${name}`, SEEDS, (seed) => {
        const scene = new Scene(seed, { bytes: BYTES });
        const slices = new Slices(scene);
        const meeting = halfWay(scene);
        const acknowledged = slices.receivedBefore(scene.sim.elapsed - 500);
        const moved = scene.sim.elapsed;
        meeting[side].moveTo(elsewhere(scene, nat));
        const there = nextSliceAt(scene, ELSEWHERE);
        scene.expectTransfer(meeting);
        expect(there() - moved).toBeLessThan(MOVED_WITHIN);
        expect(acknowledged.size).toBeGreaterThan(100);
        expect(slices.sentAfter(moved).filter((slice) => acknowledged.has(slice))).toEqual([]);
      });
    }
  }

  forEachSeed('and back again, ends up on a direct path', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: 4 * BYTES });
    const meeting = halfWay(scene);
    meeting.receiver.moveTo(elsewhere(scene, NAT.symmetric));
    scene.runFor(6000);
    meeting.receiver.moveTo(scene.office.host('10.0.2.77'));
    scene.expectTransfer(meeting);
    for (const peer of [meeting.sender, meeting.receiver]) {
      expect(peer.paths.at(-1)).not.toBe('relay');
    }
  });

  it('into the network of the other side takes the short way', () => {
    const scene = new Scene(1, { bytes: 4 * BYTES });
    const meeting = halfWay(scene);
    meeting.receiver.moveTo(scene.home.host('10.0.1.7'));
    scene.expectTransfer(meeting);
    expect(meeting.sender.all('path').at(-1)?.path.remote.address).toBe('10.0.1.7');
    expect(meeting.receiver.all('path').at(-1)?.path.remote.address).toBe('10.0.1.2');
  });

  forEachSeed('has no network at all for a minute, and goes on', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: BYTES });
    const meeting = halfWay(scene);
    meeting.receiver.moveTo();
    scene.runFor(60_000);
    const back = scene.sim.elapsed;
    meeting.receiver.moveTo(scene.officeHost);
    scene.runUntil(() => meeting.receiver.find('back') !== undefined, millis(5000));
    scene.expectTransfer(meeting);
    expect(meeting.receiver.timeOf('back') - back).toBeLessThan(2500);
  });
});

describe('between computers that have IPv4 and IPv6 a transfer', () => {
  for (const family of [4, 6] as const) {
    forEachSeed(`survives that IPv${family} dies, and takes IPv6 when it can`, SEEDS, (seed) => {
      const scene = new Scene(seed, { bytes: 4 * BYTES });
      const meeting = scene.meet();
      addIpv6(scene, meeting);
      scene.runUntil(() => families(meeting.sender).at(-1) === 6);
      scene.runFor(1000);
      const died = scene.sim.elapsed;
      scene.sim.tap(({ to }) => {
        const isDead = scene.sim.elapsed < died + 4000 && familyOf(to.address) === family;
        return isDead ? 'drop' : 'pass';
      });
      scene.expectTransfer(meeting);
      for (const peer of [meeting.sender, meeting.receiver]) {
        expect(families(peer)).toEqual(family === 6 ? [4, 6, 4, 6] : [4, 6]);
        expect(peer.paths).not.toContain('relay');
      }
    });
  }

  forEachSeed('goes on over IPv4 when an address of IPv6 is taken away', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: 2 * BYTES });
    const meeting = scene.meet();
    addIpv6(scene, meeting);
    scene.runUntil(() => families(meeting.sender).at(-1) === 6);
    scene.runFor(3000);
    meeting.sender.moveTo(scene.homeHost);
    scene.expectTransfer(meeting);
    for (const peer of [meeting.sender, meeting.receiver]) {
      expect(families(peer)).toEqual([4, 6, 4]);
    }
  });
});

/** Both sides get an IPv6 address each, and no NAT with it. */
function addIpv6(scene: Scene, { sender, receiver }: Meeting): void {
  sender.moveTo(scene.homeHost, scene.internet.host('2001:db8:1::2', SLOW_LINE));
  receiver.moveTo(scene.officeHost, scene.internet.host('2001:db8:2::2', SLOW_LINE));
}

function families(peer: SimulatedPeer): (4 | 6)[] {
  return peer.all('path').map(({ path }) => familyOf(path.remote.address));
}

function halfWay(scene: Scene): Meeting {
  const meeting = scene.meet();
  scene.runUntil(() => meeting.receiver.paths.length > 0);
  scene.runFor(HALF_WAY);
  expect(meeting.receiver.ended).toBe(false);
  return meeting;
}

function elsewhere(scene: Scene, nat: NatOptions): Host {
  return scene.internet.nat(ELSEWHERE, nat, SLOW_LINE).host('10.0.9.2');
}
