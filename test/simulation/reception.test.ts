import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../src/crypto/node-crypto.ts';
import { reunion } from '../../src/protocol/handshake/resume-code.ts';
import { CipherSuite } from '../../src/protocol/ports.ts';
import { Reception } from '../../src/protocol/session/reception.ts';
import type { SessionEvent } from '../../src/protocol/session/session-event.ts';
import { SessionLog } from '../protocol/session/session-log.ts';
import { type SimulatedReceiver, WORDS } from '../protocol/session/simulated-peers.ts';
import type { Driver } from '../support/driver.ts';
import { forEachSeed } from '../support/seeds.ts';
import { Scene } from './scene.ts';

const SEEDS = 3;

describe('a sender of several', () => {
  forEachSeed('sends to each whom it has received, by a session of its own', SEEDS, (seed) => {
    const scene = new Scene(seed);
    const desk = new SimulatedReception(scene, 3);
    const guests = [0, 1, 2].map((i) => desk.invite(i));
    scene.runUntil(() => guests.every((guest) => guest.find('keep') !== undefined));
    expect(guests.map((guest) => guest.find('keep')?.isElsewhere)).toEqual([true, true, true]);
    expect(desk.secrets).toEqual(guests.map(secretOf).sort());
    // The code is there for others, and the sessions are on another socket.
    for (const [i, { resumeSecret }] of guests.entries()) {
      const { code, ownerSecret } = reunion(createCrypto(), resumeSecret, 'restarted');
      const place = { nameplate: code.nameplate, ownerSecret };
      const names = { name: `sender ${i}`, port: 5100 + i, words: code.words, place };
      const { sender } = scene.send(names);
      const receiver = scene.receive(code, { name: `again ${i}`, port: 6100 + i });
      scene.expectTransfer({ sender, receiver });
    }
  });

  it('keeps one too many waiting until a place is free, however long that takes', () => {
    const scene = new Scene(1);
    const desk = new SimulatedReception(scene, 2);
    const guests = [0, 1, 2].map((i) => desk.invite(i));
    scene.runUntil(() => desk.secrets.length === 2);
    scene.runFor(600_000);
    expect(guests.filter((guest) => guest.find('keep'))).toHaveLength(2);
    expect(guests.map((guest) => guest.all('queued').length).sort()).toEqual([0, 0, 1]);
    desk.makeRoom();
    scene.runUntil(() => guests.every((guest) => guest.find('keep')));
    expect(guests.map((guest) => guest.failure)).toEqual([undefined, undefined, undefined]);
  });

  it('keeps nobody waiting when it has died', () => {
    const scene = new Scene(1);
    const desk = new SimulatedReception(scene, 2);
    const guests = [0, 1, 2].map((i) => desk.invite(i));
    scene.runUntil(() => guests.some((guest) => guest.find('queued') !== undefined));
    desk.kill();
    const queued = guests.find((guest) => guest.find('queued') !== undefined);
    scene.runUntil(() => queued?.ended === true);
    expect(queued?.failure).toBe('P2P_TIMEOUT');
  });

  it('gives the code up when everybody has come', () => {
    const scene = new Scene(1);
    const desk = new SimulatedReception(scene, 2);
    desk.finish();
    scene.runUntil(() => desk.gone);
    scene.runFor(1000);
    const late = desk.invite(0);
    scene.runUntil(() => late.ended);
    expect(late.failure).toBe('P2P_CODE_USED');
  });

  it('tells of wrong codes, and closes after too many', () => {
    const scene = new Scene(1);
    const desk = new SimulatedReception(scene, 2);
    for (let i = 0; i < 6; i += 1) {
      const guesser = desk.invite(i, ['velvet', 'walnut', 'candle']);
      scene.runUntil(() => guesser.ended);
      scene.runFor(30_000);
    }
    expect(desk.all('wrong-code').map(({ used }) => used)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(desk.failure).toBe('P2P_CODE_BURNT');
  });
});

/** The place where the receivers of one sender come in, on the sender's computer. */
class SimulatedReception extends SessionLog {
  readonly #scene: Scene;
  readonly #reception: Reception;
  readonly #driver: Driver<SessionEvent>;

  constructor(scene: Scene, receivers: number) {
    super(scene.sim);
    this.#scene = scene;
    const random = scene.sim.random.fork('reception');
    const options = {
      crypto: createCrypto(random),
      random,
      suites: [CipherSuite.aes256Gcm],
      servers: [{ endpoint: scene.server.endpoint }],
      words: WORDS,
      lan: false,
      receivers,
    };
    this.#reception = new Reception(options, scene.sim.now);
    const onEvent = (event: SessionEvent) => this.note(event);
    this.#driver = scene.homeHost.run(this.#reception, { port: 5000, onEvent });
    scene.runUntil(() => this.find('code') !== undefined);
  }

  /** The secrets of those who have come, in a fixed order. */
  get secrets(): string[] {
    return this.all('received')
      .map(({ resumeSecret }) => Buffer.from(resumeSecret).toString('hex'))
      .sort();
  }

  invite(number: number, words: readonly string[] = WORDS): SimulatedReceiver {
    const nameplate = this.find('code')?.code.nameplate ?? 0;
    const names = { name: `guest ${number}`, port: 6000 + number, onKeep: () => undefined };
    return this.#scene.receive({ nameplate, words }, names);
  }

  makeRoom(): void {
    this.#reception.makeRoom(this.#driver.now);
    this.#driver.poke();
  }

  kill(): void {
    this.#driver.stop();
  }

  finish(): void {
    this.#reception.finish(this.#driver.now);
    this.#driver.poke();
  }
}

function secretOf({ resumeSecret }: SimulatedReceiver): string {
  return Buffer.from(resumeSecret).toString('hex');
}
