import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../src/crypto/node-crypto.ts';
import type { Code } from '../../src/protocol/handshake/code.ts';
import {
  type Reunion,
  reunion,
  type SenderPast,
} from '../../src/protocol/handshake/resume-code.ts';
import { millis } from '../../src/protocol/time.ts';
import type { SimulatedReceiver, SimulatedSender } from '../protocol/session/simulated-peers.ts';
import { forEachSeed } from '../support/seeds.ts';
import { type Meeting, Scene } from './scene.ts';

const SEEDS = 3;
const OWNER_SECRET = new Uint8Array(16).fill(7);
const WORDS = ['acorn', 'basket', 'candle'];
const WRONG = ['velvet', 'walnut', 'candle'];

describe('two sides that both died', () => {
  forEachSeed('meet again by what the receiver was given to keep', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: 1_000_000 });
    const before = scene.meet();
    const died = killSomewhere(scene, before);
    const meeting = meetAgain(scene, before.receiver, 'restarted', 1);
    scene.expectTransfer(meeting);
    expect(died).toBeLessThan(scene.file.length);
  });

  it('meet again as often as they die, though the server still knows the one before', () => {
    const scene = new Scene(1, { bytes: 1_000_000 });
    const first = scene.meet();
    killSomewhere(scene, first);
    for (const attempt of [1, 2, 3, 4, 5]) {
      killSomewhere(scene, meetAgain(scene, first.receiver, 'restarted', attempt));
    }
    scene.expectTransfer(meetAgain(scene, first.receiver, 'restarted', 6));
  });

  it('meet on a LAN without a server as well', () => {
    const scene = new Scene(1);
    const secret = new Uint8Array(32).fill(9);
    const { code } = reunionOf(secret, 'restarted');
    const { sender } = scene.send({ ...reunionPlace(secret, 'restarted'), server: undefined });
    const neighbour = scene.home.host('10.0.1.3');
    const receiver = scene.receive(code, { server: undefined }, neighbour);
    receiver.addServer(scene.homeHost.endpoint(5000));
    scene.expectTransfer({ sender, receiver });
  });
});

describe('a receiver that was started again', () => {
  forEachSeed('finds the sender that has run on', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: 1_000_000 });
    const before = scene.meet();
    scene.runUntil(() => before.sender.paths.length > 0);
    before.receiver.stop();
    scene.expectTransfer(meetAgain(scene, before.receiver, 'running', 1));
  });

  forEachSeed('again, long after it died, finds it at its other place', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: 1_000_000 });
    const { sender, receiver } = scene.meet();
    scene.runUntil(() => sender.paths.length > 0);
    receiver.stop();
    const second = meetAgain(scene, receiver, 'running', 1);
    scene.runUntil(() => second.sender.paths.length > 0);
    second.receiver.stop();
    // That one waits on, and keeps telling its server so.
    const place = reunionPlace(receiver.resumeSecret, 'running again');
    const third = scene.send({ ...place, name: 'sender 2', port: 5002 });
    scene.runFor(scene.sim.random.fork('away').integer(60_000));
    const { code } = reunionOf(receiver.resumeSecret, 'running again');
    const again = scene.receive(code, { name: 'receiver 2', port: 6002 });
    scene.expectTransfer({ sender: third.sender, receiver: again });
  });

  forEachSeed('finds it, as often as it dies in the middle of that', SEEDS, (seed) => {
    const scene = new Scene(seed);
    const before = scene.meet();
    scene.runUntil(() => before.sender.paths.length > 0);
    before.receiver.stop();
    const { sender, code } = scene.send({
      ...reunionPlace(before.receiver.resumeSecret, 'running'),
      name: 'sender 1',
      port: 5001,
    });
    const moment = scene.sim.random.fork('moments');
    for (let port = 6001; port < 6025; port += 1) {
      const receiver = scene.receive(code, { name: `receiver ${port}`, port });
      scene.runFor(moment.integer(60));
      receiver.stop();
    }
    const receiver = scene.receive(code, { name: 'the last one', port: 6100 });
    scene.expectTransfer({ sender, receiver });
  });

  forEachSeed('that had kept nothing yet has the code still', SEEDS, (seed) => {
    const scene = new Scene(seed);
    const { sender, code } = scene.send();
    const first = scene.receive(code, { onKeep: (receiver) => receiver.stop() });
    scene.runUntil(() => first.find('keep') !== undefined);
    scene.expectTransfer({ sender, receiver: scene.receive(code, { name: 'again', port: 6001 }) });
    expect(sender.all('joined')).toHaveLength(2);
    expect(sender.all('wrong-code')).toEqual([]);
  });

  it('that takes its time to keep what it needs is waited for', () => {
    const scene = new Scene(1);
    const slow = (receiver: SimulatedReceiver) =>
      scene.sim.after(millis(4000), () => receiver.keep());
    const meeting = scene.meet({}, { onKeep: slow });
    scene.runUntil(() => meeting.sender.find('joined') !== undefined);
    scene.runFor(3000);
    expect(meeting.sender.find('heard')).toBeUndefined();
    expect(meeting.receiver.find('joined')).toBeUndefined();
    scene.expectTransfer(meeting);
  });
});

describe('a sender that was started again before anybody came', () => {
  it('is found under the same code', () => {
    const scene = new Scene(1);
    const { code } = killWaiting(scene);
    const { sender, code: again } = sendAgain(scene, code);
    expect(again).toEqual(code);
    scene.expectTransfer({ sender, receiver: scene.receive(code) });
  });

  it('has no more attempts at its code than before', () => {
    const scene = new Scene(1);
    const { code } = killWaiting(scene);
    const { sender } = sendAgain(scene, code, { failedAttempts: 2 });
    const guesser = scene.receive({ ...code, words: WRONG });
    scene.runUntil(() => guesser.ended);
    expect([guesser.failure, sender.failure]).toEqual(['P2P_CODE_BURNT', 'P2P_CODE_BURNT']);
  });

  it('takes a receiver that has met it just before as if it were a new one', () => {
    const scene = new Scene(1);
    const { sender: first, code } = scene.send({ place: { ownerSecret: OWNER_SECRET } });
    const receiver = scene.receive(code);
    scene.runUntil(() => first.find('joined') !== undefined);
    for (const peer of [first, receiver]) peer.stop();
    const { sender } = sendAgain(scene, code);
    const again = scene.receive(code, { name: 'again', port: 6001 });
    scene.expectTransfer({ sender, receiver: again });
  });
});

describe('two that both run on', () => {
  it('never meet a second time, so that a blackout alone changes nothing', () => {
    const scene = new Scene(1);
    const secret = new Uint8Array(32).fill(9);
    scene.send({ ...reunionPlace(secret, 'running') });
    const receiver = scene.receive(reunionOf(secret, 'restarted').code);
    scene.runUntil(() => receiver.ended);
    expect(receiver.failure).toBe('P2P_CODE_UNKNOWN');
  });
});

/** Lets both die some time after they have met; yields how much the receiver had by then. */
function killSomewhere(scene: Scene, { sender, receiver }: Meeting): number {
  scene.runUntil(() => sender.find('heard') !== undefined);
  scene.runFor(scene.sim.random.fork(`kill at ${scene.sim.elapsed}`).uniform() * 3000);
  for (const peer of [sender, receiver]) peer.stop();
  return receiver.session.bytesWritten;
}

function meetAgain(
  scene: Scene,
  { resumeSecret }: SimulatedReceiver,
  past: SenderPast,
  attempt: number,
): Meeting {
  const place = reunionPlace(resumeSecret, past);
  const { sender } = scene.send({ ...place, name: `sender ${attempt}`, port: 5000 + attempt });
  const names = { name: `receiver ${attempt}`, port: 6000 + attempt };
  const receiver = scene.receive(reunionOf(resumeSecret, past).code, names);
  return { sender, receiver };
}

function reunionOf(secret: Uint8Array, past: SenderPast): Reunion {
  return reunion(createCrypto(), secret, past);
}

function reunionPlace(secret: Uint8Array, past: SenderPast) {
  const { code, ownerSecret } = reunionOf(secret, past);
  const place = { nameplate: code.nameplate, ownerSecret };
  return { words: code.words, place, isReunion: true };
}

function killWaiting(scene: Scene): { readonly code: Code } {
  const place = { ownerSecret: OWNER_SECRET };
  const { sender, code } = scene.send({ words: WORDS, place });
  sender.stop();
  scene.runFor(1000);
  return { code };
}

function sendAgain(
  scene: Scene,
  { nameplate, words }: Code,
  options: object = {},
): { readonly sender: SimulatedSender; readonly code: Code } {
  const place = { nameplate, ownerSecret: OWNER_SECRET };
  return scene.send({ words, place, name: 'sender again', port: 5001, ...options });
}
