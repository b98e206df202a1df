import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import {
  decodeSignal,
  encodeSignal,
  NOTHING_KNOWN,
  type Situation,
} from '../../../src/protocol/session/signal.ts';
import { isSignal, Signalling } from '../../../src/protocol/session/signalling.ts';
import type { DirectionKeys } from '../../../src/protocol/session-keys.ts';
import { type Instant, instant } from '../../../src/protocol/time.ts';

const crypto = createCrypto();
const NOW = instant(10_000);
const AT_HOME: Situation = {
  ...NOTHING_KNOWN,
  candidates: [host('10.0.1.2')],
};
const ON_THE_ROAD: Situation = {
  candidates: [host('10.0.1.2'), host('172.16.0.7')],
  nat: {
    mapping: 'address-and-port-dependent',
    filtering: 'address-and-port-dependent',
    allocation: { kind: 'sequential', step: 2 },
  },
  samples: undefined,
  stream: { round: 2, port: 40_100 },
  mappedPort: 40_200,
  thorough: true,
};

/** The same, one second after its allocator was looked at. */
const SAMPLED: Situation = {
  ...ON_THE_ROAD,
  samples: { before: 40_000, after: 40_010, at: instant(9000), rate: 80 },
};

function host(address: string): Situation['candidates'][number] {
  return { kind: 'host', endpoint: { address, port: 5000 } };
}

function keys(fill: number): DirectionKeys {
  return { signal: new Uint8Array(32).fill(fill) } as unknown as DirectionKeys;
}

/** Two sides and a server that passes on what it is given, or loses it. */
class Exchange {
  readonly a: Signalling;
  readonly b: Signalling;
  readonly heard: { a: Situation[]; b: Situation[] } = { a: [], b: [] };
  readonly posted: { from: 'a' | 'b'; body: Uint8Array; at: Instant }[] = [];
  lose: (from: 'a' | 'b', post: number) => boolean = () => false;
  now = instant(1000);

  constructor(ofA = AT_HOME, ofB = AT_HOME) {
    const [aToB, bToA] = [keys(1), keys(2)];
    this.a = new Signalling({ crypto, keys: { send: aToB, receive: bToA } }, ofA, this.now);
    this.b = new Signalling({ crypto, keys: { send: bToA, receive: aToB } }, ofB, this.now);
  }

  run(until: number): void {
    while (this.now <= until) {
      for (const from of ['a', 'b'] as const) this.#post(from);
      this.now = instant(this.now + 10);
    }
  }

  #post(from: 'a' | 'b'): void {
    const to = from === 'a' ? 'b' : 'a';
    const body = this[from].pollBody(this.now);
    if (body === undefined) return;
    this.posted.push({ from, body, at: this.now });
    if (this.lose(from, this.posted.length)) return;
    const situation = this[to].handleBody(body, this.now);
    if (situation !== undefined) this.heard[to].push(situation);
  }
}

describe('two sides that signal', () => {
  it('hear of each other, once, and fall silent', () => {
    const exchange = new Exchange(AT_HOME, ON_THE_ROAD);
    exchange.run(60_000);
    expect(exchange.heard).toEqual({ a: [ON_THE_ROAD], b: [AT_HOME] });
    expect(exchange.posted.length).toBeLessThanOrEqual(4);
  });

  it('hear of each change', () => {
    const exchange = new Exchange();
    exchange.run(2000);
    exchange.a.update(ON_THE_ROAD, exchange.now);
    exchange.run(4000);
    expect(exchange.heard.b).toEqual([AT_HOME, ON_THE_ROAD]);
  });

  it('hear of each other although two of three signals are lost', () => {
    const exchange = new Exchange(AT_HOME, ON_THE_ROAD);
    exchange.lose = (_from, post) => post % 3 !== 0;
    exchange.run(60_000);
    expect(exchange.heard).toEqual({ a: [ON_THE_ROAD], b: [AT_HOME] });
    expect(exchange.a.pollTimeout()).toBeUndefined();
    expect(exchange.b.pollTimeout()).toBeUndefined();
  });

  it('give up on a server that passes nothing on, until there is news', () => {
    const exchange = new Exchange();
    exchange.lose = () => true;
    exchange.run(120_000);
    const before = exchange.posted.filter(({ from }) => from === 'a');
    expect(before).toHaveLength(9);
    expect((before.at(-1)?.at ?? 0) - 1000).toBeLessThan(30_000);
    exchange.lose = () => false;
    exchange.a.update(ON_THE_ROAD, exchange.now);
    exchange.run(125_000);
    expect(exchange.heard.b).toEqual([ON_THE_ROAD]);
  });

  it('say nothing that the server could read, nor twice the same', () => {
    const exchange = new Exchange(ON_THE_ROAD, ON_THE_ROAD);
    exchange.lose = () => true;
    exchange.run(10_000);
    const bodies = exchange.posted.map(({ body }) => Buffer.from(body));
    for (const body of bodies) expect(body.includes(Buffer.from([172, 16, 0, 7]))).toBe(false);
    expect(new Set(bodies.map((body) => body.toString('hex'))).size).toBe(bodies.length);
  });
});

describe('a signal', () => {
  it('counts once: what the server repeats or reorders has no effect', () => {
    const exchange = new Exchange();
    const first = exchange.a.pollBody(exchange.now) as Uint8Array;
    exchange.a.update(ON_THE_ROAD, exchange.now);
    const second = exchange.a.pollBody(exchange.now) as Uint8Array;
    expect(exchange.b.handleBody(second, exchange.now)).toEqual(ON_THE_ROAD);
    expect(exchange.b.handleBody(second, exchange.now)).toBeUndefined();
    expect(exchange.b.handleBody(first, exchange.now)).toBeUndefined();
  });

  it('has no effect when any byte of it is another, or when it comes back', () => {
    const exchange = new Exchange();
    const body = exchange.a.pollBody(exchange.now) as Uint8Array;
    for (let i = 0; i < body.length; i += 1) {
      const changed = body.slice();
      changed[i] = (changed[i] as number) ^ 1;
      expect(exchange.b.handleBody(changed, exchange.now)).toBeUndefined();
    }
    expect(exchange.a.handleBody(body, exchange.now)).toBeUndefined();
    for (let length = 0; length < body.length; length += 1) {
      expect(exchange.b.handleBody(body.subarray(0, length), exchange.now)).toBeUndefined();
    }
    expect(exchange.b.handleBody(body, exchange.now)).toEqual(AT_HOME);
  });

  it('is told from the messages of the handshake by its first byte', () => {
    const body = new Exchange().a.pollBody(instant(1000)) as Uint8Array;
    expect(isSignal(body)).toBe(true);
    for (const letter of 'ABCDHR') expect(isSignal(Buffer.from(letter))).toBe(false);
  });

  it('has these bytes inside', () => {
    const signal = { version: 3, seen: 2, asks: true, situation: SAMPLED };
    const bytes = encodeSignal(signal, NOW);
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '000000030000000201' +
        '03030200020000' +
        '9c409c4a' +
        '03e80050' +
        '02' +
        '00040a000102000000000000000000000000' +
        '1388' +
        '0004ac100007000000000000000000000000' +
        '1388' +
        '029ca4' +
        '9d08' +
        '01',
    );
    expect(decodeSignal(bytes, NOW)).toEqual(signal);
  });

  it('leaves out candidates of a kind that only later versions know', () => {
    const bytes = encodeSignal({ version: 1, seen: 0, asks: false, situation: SAMPLED }, NOW);
    bytes[25] = 0x7f;
    expect(decodeSignal(bytes, NOW)?.situation.candidates).toEqual([host('172.16.0.7')]);
  });

  it('is not read with more candidates than are allowed, or cut short', () => {
    const bytes = encodeSignal({ version: 1, seen: 0, asks: false, situation: SAMPLED }, NOW);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeSignal(bytes.subarray(0, length), NOW)).toBeUndefined();
    }
    const greedy = bytes.slice();
    greedy[24] = 17;
    expect(decodeSignal(greedy, NOW)).toBeUndefined();
  });
});
