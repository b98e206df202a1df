import { describe, expect } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import type { SessionLog } from '../protocol/session/session-log.ts';
import type { PeerOptions } from '../protocol/session/simulated-peers.ts';
import { startServer } from '../protocol/session/simulated-server.ts';
import { NAT } from '../support/nat.ts';
import { bothWays } from '../support/scenarios.ts';
import { forEachSeed } from '../support/seeds.ts';
import { Arrivals, Slices } from './observers.ts';
import { isTransportPacket } from './packets.ts';
import { type Meeting, Scene, SERVER_ADDRESS } from './scene.ts';

const SEEDS = 3;
/** Four seconds on the line of the scene, so that whatever happens falls into the transfer. */
const BYTES = 1_000_000;
/** In the middle of it, long after a direct path was found. */
const HALF_WAY = 1500;
/** Where a relay serves meanwhile, the direct path is looked for at leisure. */
const MOST_ELSEWHERE = 15_000;
/** The rest of the same file, and what both repeat, up to 5 s apart while the server was away. */
const MOST_RESTARTED = 12_000;
/** Sixteen seconds for the same file. */
const SLOWER_LINE = bothWays({ rate: 500_000, delay: millis(10) });
/** Forty seconds. */
const SLOWEST_LINE = bothWays({ rate: 200_000, delay: millis(10) });

describe('a session that starts on the relay', () => {
  forEachSeed('moves to the direct path when that opens, and loses no byte', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: BYTES });
    const direct = new DirectTraffic(scene);
    direct.blocked = true;
    const meeting = scene.meet();
    scene.runUntil(() => meeting.receiver.paths.length > 0);
    scene.runFor(HALF_WAY);
    direct.blocked = false;
    const opened = scene.sim.elapsed;
    scene.expectTransfer(meeting);
    for (const peer of [meeting.sender, meeting.receiver]) {
      expect(peer.paths[0]).toBe('relay');
      expect(timeOfMoveFrom('relay', peer) - opened).toBeLessThan(2000);
    }
    expect(direct.packets).toBeGreaterThan(100);
  });
});

describe('a session on a direct path that', () => {
  forEachSeed(
    'dies for good is on the relay within 2 s, and sends nothing again that was acknowledged',
    SEEDS,
    (seed) => {
      const scene = new Scene(seed, { bytes: BYTES });
      const direct = new DirectTraffic(scene);
      const slices = new Slices(scene);
      const meeting = halfWay(scene);
      const acknowledged = slices.receivedBefore(scene.sim.elapsed - 500);
      direct.blocked = true;
      const died = scene.sim.elapsed;
      scene.expectTransfer(meeting);
      for (const peer of [meeting.sender, meeting.receiver]) {
        expect(timeOfMoveTo('relay', peer) - died).toBeLessThan(2000);
      }
      expect(acknowledged.size).toBeGreaterThan(100);
      expect(slices.sentAfter(died).filter((slice) => acknowledged.has(slice))).toEqual([]);
    },
  );

  forEachSeed('comes back moves back to it within 5 s', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: BYTES, line: SLOWER_LINE });
    const direct = new DirectTraffic(scene);
    const meeting = halfWay(scene);
    direct.blocked = true;
    scene.runUntil(() => meeting.sender.paths.at(-1) === 'relay');
    scene.runFor(2000);
    direct.blocked = false;
    const back = scene.sim.elapsed;
    scene.expectTransfer(meeting);
    for (const peer of [meeting.sender, meeting.receiver]) {
      expect(peer.paths.slice(-3)).toEqual(['srflx', 'relay', 'srflx']);
      expect(peer.timeOfLast('path') - back).toBeLessThan(5000);
    }
  });

  forEachSeed('loses its server goes on as if nothing were', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: BYTES });
    const meeting = halfWay(scene);
    scene.server.driver.stop();
    scene.expectTransfer(meeting);
    expect(scene.sim.elapsed).toBeLessThan(8000);
  });

  forEachSeed('finds another server in the place of its own goes on as well', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: BYTES });
    const meeting = halfWay(scene);
    scene.server.driver.stop();
    startServer(scene.sim, scene.serverHost, 'server after a restart');
    scene.expectTransfer(meeting);
  });
});

describe('a NAT that forgets everything during a transfer', () => {
  for (const name of ['addressRestricted', 'portRestricted', 'symmetric'] as const) {
    forEachSeed(`every 5 s does not end it: ${name}`, SEEDS, (seed) => {
      const options = { homeNat: NAT[name], officeNat: NAT[name], line: SLOWER_LINE };
      const scene = new Scene(seed, { bytes: BYTES, ...options });
      const meeting = scene.meet();
      const rebind = () => {
        scene.home.rebind();
        scene.sim.after(millis(5000), rebind);
      };
      scene.runUntil(() => meeting.receiver.paths.length > 0);
      scene.sim.after(millis(1000), rebind);
      scene.expectTransfer(meeting);
      expect(scene.sim.elapsed).toBeGreaterThan(16_000);
    });
  }

  forEachSeed('costs 1.5 s where the other NAT lets the new address in', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: BYTES, officeNat: NAT.addressRestricted });
    const arrivals = new Arrivals(scene);
    const meeting = halfWay(scene);
    scene.home.rebind();
    scene.expectTransfer(meeting);
    expect(arrivals.longestGap).toBeLessThan(1500);
    expect(meeting.sender.paths).not.toContain('relay');
  });

  for (const sides of [['home'], ['office'], ['home', 'office']] as const) {
    for (const [name, nat] of [
      ['direct', NAT.portRestricted],
      ['relayed', NAT.symmetric],
    ] as const) {
      const where = sides.join(' and ');
      forEachSeed(`costs 5 s at most: ${name}, forgotten at ${where}`, SEEDS, (seed) => {
        const scene = new Scene(seed, { bytes: BYTES, homeNat: nat, officeNat: nat });
        const arrivals = new Arrivals(scene);
        const meeting = halfWay(scene);
        for (const side of sides) scene[side].rebind();
        scene.expectTransfer(meeting);
        expect(arrivals.longestGap).toBeLessThan(5000);
      });
    }
  }
});

describe('a direct path that strict NATs forget', () => {
  for (const policy of ['any', 'direct'] as const) {
    for (const sides of [['home'], ['office'], ['home', 'office']] as const) {
      const where = sides.join(' and ');
      forEachSeed(`is found again: policy ${policy}, forgotten at ${where}`, SEEDS, (seed) => {
        const scene = new Scene(seed, { bytes: BYTES, line: SLOWEST_LINE });
        const direct = new DirectTraffic(scene);
        const meeting = halfWay(scene, { policy });
        for (const side of sides) scene[side].rebind();
        scene.runFor(MOST_ELSEWHERE);
        const { packets } = direct;
        scene.runFor(1000);
        expect(meeting.receiver.ended).toBe(false);
        expect(direct.packets - packets).toBeGreaterThan(20);
        scene.expectTransfer(meeting);
      });
    }
  }
});

describe('a session that can only be relayed', () => {
  forEachSeed('ends with an error on both sides when its relay dies', SEEDS, (seed) => {
    const scene = symmetric(seed);
    const { sender, receiver } = halfWay(scene);
    scene.server.driver.stop();
    scene.runUntil(() => sender.ended && receiver.ended, millis(700_000));
    expect([sender.failure, receiver.failure]).toEqual(['P2P_INTERRUPTED', 'P2P_INTERRUPTED']);
  });

  forEachSeed('survives a relay that is away for ten seconds', SEEDS, (seed) => {
    const scene = symmetric(seed);
    const meeting = halfWay(scene);
    scene.sim.tap(({ now, from, to }) =>
      now < blackoutEnd && [from.address, to.address].includes(SERVER_ADDRESS) ? 'drop' : 'pass',
    );
    const blackoutEnd = scene.sim.now + 10_000;
    scene.expectTransfer(meeting);
    expect(scene.sim.now - blackoutEnd).toBeLessThan(8000);
  });

  forEachSeed('survives a server that is started again, and knows nobody', SEEDS, (seed) => {
    const scene = symmetric(seed);
    const meeting = halfWay(scene);
    scene.server.driver.stop();
    scene.runFor(scene.sim.random.fork('away').integer(20_000));
    startServer(scene.sim, scene.serverHost, 'restarted');
    const restartedAt = scene.sim.now;
    scene.expectTransfer(meeting);
    expect(scene.sim.now - restartedAt).toBeLessThan(MOST_RESTARTED);
  });
});

function symmetric(seed: number): Scene {
  return new Scene(seed, { bytes: BYTES, homeNat: NAT.symmetric, officeNat: NAT.symmetric });
}

function halfWay(scene: Scene, options: Pick<PeerOptions, 'policy'> = {}): Meeting {
  const meeting = scene.meet(options, options);
  scene.runUntil(() => meeting.receiver.paths.length > 0);
  scene.runFor(HALF_WAY);
  expect(meeting.receiver.ended).toBe(false);
  return meeting;
}

/** What goes from NAT to NAT, and a switch that stops it. */
class DirectTraffic {
  blocked = false;
  packets = 0;

  constructor(scene: Scene) {
    scene.sim.tap(({ from, to, payload }) => {
      if (from.address === SERVER_ADDRESS || to.address === SERVER_ADDRESS) return 'pass';
      if (this.blocked) return 'drop';
      if (isTransportPacket(payload)) this.packets += 1;
      return 'pass';
    });
  }
}

function timeOfMoveTo(kind: string, peer: SessionLog): number {
  return peer.timeOf((event) => event.kind === 'path' && event.path.kind === kind);
}

function timeOfMoveFrom(kind: string, peer: SessionLog): number {
  return peer.timeOf((event) => event.kind === 'path' && event.path.kind !== kind);
}
