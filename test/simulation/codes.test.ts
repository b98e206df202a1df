import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../src/crypto/node-crypto.ts';
import type { Code } from '../../src/protocol/handshake/code.ts';
import { ReceiverHandshake } from '../../src/protocol/handshake/receiver-handshake.ts';
import { CipherSuite } from '../../src/protocol/ports.ts';
import { RendezvousGuest } from '../../src/protocol/rendezvous/rendezvous-guest.ts';
import { millis } from '../../src/protocol/time.ts';
import type { SimulatedReceiver } from '../protocol/session/simulated-peers.ts';
import { forEachSeed } from '../support/seeds.ts';
import { Scene } from './scene.ts';

const SEEDS = 3;
const RACES = 20;
const WRONG = ['velvet', 'walnut', 'candle'];

describe('a code with wrong words', () => {
  forEachSeed(
    'fails at the receiver, is told to the sender, and spares the code',
    SEEDS,
    (seed) => {
      const scene = new Scene(seed);
      const { sender, code } = scene.send();
      for (const used of [1, 2]) {
        expect(failureOf(scene, guess(scene, code, used))).toBe('P2P_CODE_MISMATCH');
        expect(sender.all('wrong-code').at(-1)).toEqual({ kind: 'wrong-code', used, allowed: 3 });
      }
      scene.expectTransfer({ sender, receiver: scene.receive(code) });
      expect(sender.all('wrong-code')).toHaveLength(2);
    },
  );

  forEachSeed(
    'three times burns the code: for both, and for who knows it as well',
    SEEDS,
    (seed) => {
      const scene = new Scene(seed);
      const { sender, code } = scene.send();
      const failures = [1, 2, 3].map((n) => failureOf(scene, guess(scene, code, n)));
      expect(failures).toEqual(['P2P_CODE_MISMATCH', 'P2P_CODE_MISMATCH', 'P2P_CODE_BURNT']);
      scene.runUntil(() => sender.gone);
      expect(sender.failure).toBe('P2P_CODE_BURNT');
      expect(failureOf(scene, scene.receive(code))).toBe('P2P_CODE_BURNT');
    },
  );

  it('tells nobody what is offered', () => {
    const scene = new Scene(1);
    const { code } = scene.send();
    const guesser = guess(scene, code, 1);
    failureOf(scene, guesser);
    expect(guesser.events.map(({ kind }) => kind)).not.toContain('offer');
  });
});

describe('a code that', () => {
  it('nobody ever had is unknown', () => {
    const scene = new Scene(1);
    const { code } = scene.send();
    const nameplate = code.nameplate === 1000 ? 1001 : 1000;
    expect(failureOf(scene, scene.receive({ ...code, nameplate }))).toBe('P2P_CODE_UNKNOWN');
  });

  forEachSeed('has brought its file is used', SEEDS, (seed) => {
    const scene = new Scene(seed);
    const { sender, code } = scene.send();
    const receiver = scene.receive(code);
    scene.expectTransfer({ sender, receiver });
    scene.runUntil(() => sender.gone && receiver.gone);
    scene.runFor(1000);
    expect(failureOf(scene, scene.receive(code, { name: 'late', port: 6001 }))).toBe(
      'P2P_CODE_USED',
    );
  });

  forEachSeed('is at work is used as well', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: 1_000_000 });
    const { sender, code } = scene.send();
    const receiver = scene.receive(code);
    scene.runUntil(() => receiver.paths.length > 0);
    const late = scene.receive(code, { name: 'late', port: 6001 });
    expect(failureOf(scene, late)).toBe('P2P_CODE_USED');
    expect(sender.ended).toBe(false);
    scene.expectTransfer({ sender, receiver });
  });

  it('its sender took back is expired', () => {
    const scene = new Scene(1);
    const { sender, code } = scene.send();
    sender.abort('P2P_CANCELLED');
    scene.runUntil(() => sender.gone);
    scene.runFor(1000);
    expect(failureOf(scene, scene.receive(code))).toBe('P2P_CODE_EXPIRED');
  });
});

describe('two receivers who race for one code (F29)', () => {
  forEachSeed('are served once: one gets the file, the other hears so', RACES, (seed) => {
    const scene = new Scene(seed, { bytes: 20_000 });
    const { sender, code } = scene.send();
    const cafe = scene.internet.nat('198.51.100.77', { ...scene.home.router.nat.options });
    const racers = [scene.receive(code, { name: 'one' })];
    scene.runFor(scene.sim.random.fork('head start').uniform() * 40);
    racers.push(scene.receive(code, { name: 'two' }, cafe.host('10.0.3.2')));
    scene.runUntil(() => racers.every((racer) => racer.ended) && sender.ended);
    const [winner, loser] = racers.sort((a, b) => Number(b.finished) - Number(a.finished));
    scene.expectEqualFile(winner as SimulatedReceiver);
    expect([sender.failure, winner?.failure, loser?.failure]).toEqual([
      undefined,
      undefined,
      'P2P_CODE_USED',
    ]);
    expect(loser?.file).toHaveLength(0);
    expect(sender.all('wrong-code')).toEqual([]);
  });
});

describe('squatters on a code who then say nothing (F32)', () => {
  for (const squatters of [1, 2]) {
    forEachSeed(`leave room for the right receiver: ${squatters}`, SEEDS, (seed) => {
      const scene = new Scene(seed);
      const { sender, code } = scene.send();
      for (let n = 1; n <= squatters; n += 1) squat(scene, code, n);
      scene.runFor(1000);
      scene.expectTransfer({ sender, receiver: scene.receive(code) });
      expect(sender.timeOf('finished')).toBeLessThan(5000);
    });
  }

  forEachSeed('pay for what they heard, and the sender sees it', SEEDS, (seed) => {
    const scene = new Scene(seed);
    const { sender, code } = scene.send();
    squat(scene, code, 1, { postsClaim: true });
    scene.runFor(40_000);
    expect(sender.all('wrong-code')).toEqual([{ kind: 'wrong-code', used: 1, allowed: 3 }]);
    scene.expectTransfer({ sender, receiver: scene.receive(code) });
  });
});

/** A receiver with a word wrong, each from a port of its own. */
describe('a receiver whose server lets its address begin no more for now', () => {
  it('says so, and when it is let in after all', () => {
    const scene = new Scene(1, { limits: { claimRate: { perMinute: 1, burst: 1 } } });
    const { sender, code } = scene.send();
    expect(failureOf(scene, guess(scene, code, 1))).toBe('P2P_CODE_MISMATCH');
    const receiver = scene.receive(code);
    scene.expectTransfer({ sender, receiver });
    const told = receiver.events.map(({ kind }) => kind);
    expect(told.slice(0, 2)).toEqual(['rate-limited', 'admitted']);
  });
});

function guess(scene: Scene, code: Code, n: number): SimulatedReceiver {
  return scene.receive({ ...code, words: WRONG }, { name: `guesser ${n}`, port: 7000 + n });
}

function failureOf(scene: Scene, receiver: SimulatedReceiver): string | undefined {
  scene.runUntil(() => receiver.ended, millis(60_000));
  return receiver.failure;
}

/** Claims the code and stops there, or goes on until it has had the sender's answer. */
function squat(scene: Scene, code: Code, n: number, { postsClaim = false } = {}): void {
  const { sim, server } = scene;
  const random = sim.random.fork(`squatter ${n}`);
  const claimId = random.bytes(16);
  const { nameplate } = code;
  const guest = new RendezvousGuest(
    { server: server.endpoint, nameplate, claimId, random },
    sim.now,
  );
  const driver = scene.internet.host(`198.51.100.${80 + n}`).run(guest, {
    port: 6000,
    onEvent: (event) => {
      if (event.kind !== 'claimed' || !postsClaim) return;
      const { hello } = event;
      const crypto = createCrypto(random);
      const suites = [CipherSuite.aes256Gcm];
      const box = () => new Uint8Array(1);
      const options = { crypto, random, suites, code, hello, claimId, box };
      guest.post(new ReceiverHandshake(options).message, sim.now);
      driver.poke();
    },
  });
}
