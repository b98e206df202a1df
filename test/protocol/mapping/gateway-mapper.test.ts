import { describe, expect, it } from 'vitest';
import { type GatewayEvent, GatewayMapper } from '../../../src/protocol/mapping/gateway-mapper.ts';
import { natPmp } from '../../../src/protocol/mapping/nat-pmp.ts';
import { pcp } from '../../../src/protocol/mapping/pcp.ts';
import { type Instant, instant } from '../../../src/protocol/time.ts';

const GATEWAY = { address: '10.0.1.1', port: 5351 };
const PORT = 40_123;
const NONCE = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
const START = instant(5000);

/** A mapper, and a router that answers as it is told. */
class Scene {
  now: Instant = START;
  readonly asked: Buffer[] = [];
  readonly events: GatewayEvent[] = [];
  readonly mapper = new GatewayMapper(
    GATEWAY,
    [pcp(PORT, '10.0.1.2', NONCE), natPmp(PORT)],
    PORT,
    START,
  );

  constructor() {
    this.#drain();
  }

  answer(datagram: Uint8Array, from = GATEWAY): this {
    this.mapper.handleBatch(datagram, from, this.now);
    return this.#drain();
  }

  /** To the next deadline. */
  sleep(): this {
    const next = this.mapper.pollTimeout();
    if (next === undefined) throw new Error('nothing is due');
    this.now = next;
    this.mapper.handleTimeout(this.now);
    return this.#drain();
  }

  /** To so many milliseconds after the start. */
  sleepTo(ms: number): this {
    const end = instant(START + ms);
    for (;;) {
      const next = this.mapper.pollTimeout();
      if (next === undefined || next > end) break;
      this.sleep();
    }
    this.now = end;
    return this;
  }

  release(): this {
    this.mapper.release(this.now);
    return this.#drain();
  }

  /** Requests by protocol since the last call: `pcp 300` asks for so many seconds. */
  takeAsked(): string[] {
    return this.asked.splice(0).map((request) => {
      return request[0] === 2 ? `pcp ${request.readUInt32BE(4)}` : `pmp ${request.readUInt32BE(8)}`;
    });
  }

  #drain(): this {
    for (let one = this.mapper.pollTransmit(); one; one = this.mapper.pollTransmit()) {
      expect(one.remote).toEqual(GATEWAY);
      this.asked.push(Buffer.from(one.payload));
    }
    for (let event = this.mapper.pollEvent(); event; event = this.mapper.pollEvent()) {
      this.events.push(event);
    }
    return this;
  }
}

function pmp(port: number, seconds = 300, result = 0): Uint8Array {
  const reply = Buffer.alloc(16);
  reply[1] = 0x81;
  reply.writeUInt16BE(result, 2);
  reply.writeUInt16BE(PORT, 8);
  reply.writeUInt16BE(port, 10);
  reply.writeUInt32BE(seconds, 12);
  return Uint8Array.from(reply);
}

describe('a mapper', () => {
  it('asks by both protocols at once, later each time, and gives up after 16 s', () => {
    const scene = new Scene();
    expect(scene.takeAsked()).toEqual(['pcp 300', 'pmp 300']);
    const times: number[] = [];
    while (scene.mapper.pollTimeout() !== undefined) {
      scene.sleep();
      times.push(scene.now - START);
    }
    expect([...new Set(times)]).toEqual([250, 750, 1750, 3750, 7750, 15_750]);
    expect(scene.takeAsked()).toHaveLength(10);
    expect(scene.events).toEqual([{ kind: 'over' }]);
  });

  it('tells the port that either grants', () => {
    const scene = new Scene().answer(pmp(40_500));
    expect(scene.events).toEqual([{ kind: 'port', port: 40_500 }]);
    expect(scene.mapper.granted).toEqual(['nat-pmp']);
  });

  it('renews at half the life, asking for the port that it has', () => {
    const scene = new Scene().answer(pmp(40_500)).sleepTo(149_999);
    scene.takeAsked();
    scene.sleep();
    expect(scene.now - START).toBe(150_000);
    expect(scene.asked[0]?.readUInt16BE(6)).toBe(40_500);
    scene.answer(pmp(40_500));
    expect(scene.events).toEqual([{ kind: 'port', port: 40_500 }]);
  });

  it('tells when a renewal gets another port, and when it gets none', () => {
    const scene = new Scene().answer(pmp(40_500)).sleepTo(150_000);
    scene.answer(pmp(40_501));
    expect(scene.events.at(-1)).toEqual({ kind: 'port', port: 40_501 });
    scene.sleepTo(600_000);
    expect(scene.events.slice(-2)).toEqual([{ kind: 'port', port: undefined }, { kind: 'over' }]);
  });

  it('ends what it was granted, and is over when that is confirmed', () => {
    const scene = new Scene().answer(pmp(40_500));
    scene.takeAsked();
    scene.release();
    // What was never answered may have been granted all the same: it is said once.
    expect(scene.takeAsked()).toEqual(['pcp 0', 'pmp 0']);
    expect(scene.events).toHaveLength(1);
    scene.answer(pmp(0, 0));
    expect(scene.events.slice(1)).toEqual([{ kind: 'port', port: undefined }, { kind: 'over' }]);
    expect(scene.mapper.pollTimeout()).toBeUndefined();
  });

  it('says goodbye three times to a router that does not confirm', () => {
    const scene = new Scene().answer(pmp(40_500)).release();
    scene.takeAsked();
    while (scene.mapper.pollTimeout() !== undefined) scene.sleep();
    expect(scene.takeAsked()).toEqual(['pmp 0', 'pmp 0']);
    expect(scene.events.at(-1)).toEqual({ kind: 'over' });
  });

  it('does not wait for a router that was silent all the time', () => {
    expect(new Scene().release().events).toEqual([{ kind: 'over' }]);
  });
});

describe('a mapper with a router, or a neighbour, that means harm', () => {
  it.each([
    ['another address', { address: '10.0.1.66', port: 5351 }],
    ['another port', { address: '10.0.1.1', port: 5350 }],
  ])('makes nothing of what comes from %s', (_what, from) => {
    const scene = new Scene().answer(pmp(40_500), from);
    expect(scene.events).toEqual([]);
  });

  it.each([
    ['refuses', pmp(0, 300, 2)],
    ['grants port 0', pmp(0)],
    ['grants a second', pmp(40_500, 1)],
  ])('ends with one that %s', (_what, reply) => {
    const scene = new Scene().answer(reply);
    scene.takeAsked();
    while (scene.mapper.pollTimeout() !== undefined) scene.sleep();
    expect(scene.takeAsked().filter((one) => one.startsWith('pmp'))).toEqual([]);
    expect(scene.events).toEqual([{ kind: 'over' }]);
  });

  it('believes in no eternal life', () => {
    const scene = new Scene().answer(pmp(40_500, 2 ** 32 - 1));
    scene.sleepTo(149_000);
    scene.takeAsked();
    scene.sleep();
    expect(scene.takeAsked()).toEqual(['pmp 300']);
  });
});
