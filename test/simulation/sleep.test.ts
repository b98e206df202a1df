import { describe, expect } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import { NAT } from '../support/nat.ts';
import { forEachSeed } from '../support/seeds.ts';
import { nextSliceAt } from './observers.ts';
import { type Meeting, Scene } from './scene.ts';

const SEEDS = 3;
/** Four seconds on the line of the scene. */
const BYTES = 1_000_000;
const HALF_WAY = 1500;
const FIVE_MINUTES = millis(300_000);
/** F28 asks for five seconds. */
const RESUMED_WITHIN = 1000;

/** RFC 4787 asks for two minutes; many forget after half of one. */
const NATS = {
  direct: { ...NAT.portRestricted, timeout: millis(30_000) },
  relayed: { ...NAT.symmetric, timeout: millis(30_000) },
};

describe('after five minutes of sleep in the middle of a transfer it goes on within a second', () => {
  for (const kind of ['stopped', 'asleep'] as const) {
    for (const sides of [['sender'], ['receiver'], ['sender', 'receiver']] as const) {
      for (const [name, nat] of Object.entries(NATS)) {
        forEachSeed(`${sides.join(' and ')} ${kind}, ${name}`, SEEDS, (seed) => {
          const scene = new Scene(seed, { bytes: BYTES, homeNat: nat, officeNat: nat });
          const meeting = halfWay(scene);
          for (const side of sides) meeting[side].sleepFor(FIVE_MINUTES, kind);
          scene.runFor(FIVE_MINUTES);
          const woken = scene.sim.elapsed;
          const arrival = nextSliceAt(scene, scene.office.router.nat.address);
          scene.expectTransfer(meeting);
          expect(arrival() - woken).toBeLessThan(RESUMED_WITHIN);
        });
      }
    }
  }
});

describe('both sides', () => {
  for (const kind of ['stopped', 'asleep'] as const) {
    forEachSeed(`may be ${kind} for longer than either would wait for the other`, SEEDS, (seed) => {
      const scene = new Scene(seed, { bytes: BYTES });
      const meeting = halfWay(scene);
      const quarterHour = millis(900_000);
      for (const side of ['sender', 'receiver'] as const) meeting[side].sleepFor(quarterHour, kind);
      scene.runFor(quarterHour);
      scene.expectTransfer(meeting);
    });
  }
});

describe('a sender that slept while it waited', () => {
  forEachSeed('can be found again within a second', SEEDS, (seed) => {
    const scene = new Scene(seed, { homeNat: NATS.relayed });
    const { sender, code } = scene.send();
    sender.sleepFor(FIVE_MINUTES, 'asleep');
    scene.runFor(FIVE_MINUTES + 1000);
    const receiver = scene.receive(code);
    scene.runFor(1000);
    expect(receiver.find('joined')).toBeDefined();
    scene.expectTransfer({ sender, receiver });
  });
});

describe('whoever waits for a sleeper', () => {
  for (const sleeper of ['sender', 'receiver'] as const) {
    forEachSeed(`is told so after 5 s, and that it is back: ${sleeper}`, SEEDS, (seed) => {
      const scene = new Scene(seed, { bytes: BYTES });
      const meeting = halfWay(scene);
      const waiting = sleeper === 'sender' ? meeting.receiver : meeting.sender;
      const asleep = scene.sim.elapsed;
      meeting[sleeper].sleepFor(FIVE_MINUTES, 'asleep');
      scene.runFor(FIVE_MINUTES);
      scene.expectTransfer(meeting);
      expect(waiting.timeOf('missing') - asleep).toBeLessThan(5100);
      expect(waiting.timeOf('back') - asleep).toBeGreaterThanOrEqual(FIVE_MINUTES);
      expect(waiting.all('missing')).toHaveLength(1);
      expect(meeting[sleeper].all('missing')).toEqual([]);
    });
  }
});

function halfWay(scene: Scene): Meeting {
  const meeting = scene.meet();
  scene.runUntil(() => meeting.receiver.paths.length > 0);
  scene.runFor(HALF_WAY);
  expect(meeting.receiver.ended).toBe(false);
  return meeting;
}
