import { createHmac, timingSafeEqual } from 'node:crypto';
import type { PathAgentOptions } from '../../../src/protocol/path/path-agent.ts';
import { encodeProbe } from '../../../src/protocol/path/probe-codec.ts';
import { type Instant, instant } from '../../../src/protocol/time.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';

export const crypto = {
  hmac: (key: Uint8Array, data: Uint8Array): Uint8Array =>
    new Uint8Array(createHmac('sha256', key).update(data).digest()),
  equal: (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b),
};

const keysOfA = { connectionId: new Uint8Array(8).fill(0xa), probe: new Uint8Array(32).fill(0xa) };
const keysOfB = { connectionId: new Uint8Array(8).fill(0xb), probe: new Uint8Array(32).fill(0xb) };

export const sessionKeys = {
  a: { send: keysOfA, receive: keysOfB },
  b: { send: keysOfB, receive: keysOfA },
} as const;

/** Options of the controlling side `a` or the controlled side `b`; `changes` win. */
export function agentOptions(
  side: 'a' | 'b',
  changes: Partial<PathAgentOptions> = {},
): PathAgentOptions {
  return {
    role: side === 'a' ? 'controlling' : 'controlled',
    keys: sessionKeys[side],
    crypto,
    random: seededRandom(side === 'a' ? 1 : 2),
    policy: 'any',
    ...changes,
  };
}

/** Small and good enough for losing packets (mulberry32). */
export function seededRandom(seed: number): { integer(below: number): number } {
  let state = seed;
  return {
    integer(below) {
      state = (state + 0x6d2b79f5) | 0;
      let value = Math.imul(state ^ (state >>> 15), 1 | state);
      value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
      return Math.floor((((value ^ (value >>> 14)) >>> 0) / 2 ** 32) * below);
    },
  };
}

/** `'192.0.2.1:5000'` or `'[2001:db8::1]:5000'`. */
export function endpoint(text: string): Endpoint {
  const colon = text.lastIndexOf(':');
  const address = text.slice(0, colon).replace(/^\[|\]$/g, '');
  return { address, port: Number(text.slice(colon + 1)) };
}

export function at(ms: number): Instant {
  return instant(ms);
}

/** A fresh, authentic request of a, as only a could make it. */
export function requestOfA(counter: number, nominate = false): Uint8Array {
  const nonce = { counter, salt: 1 };
  return encodeProbe({ kind: 'request', nonce, nominate }, sessionKeys.a.send, crypto);
}
