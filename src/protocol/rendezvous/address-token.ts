import type { Crypto, Random } from '../ports.ts';
import { elapsed, type Instant, millis } from '../time.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { type Endpoint, writeEndpoint } from '../wire/endpoint.ts';
import { ADDRESS_TOKEN_BYTES } from './message.ts';

/** WireGuard's lifetime of a cookie secret; with two generations a token lives two to four minutes. */
const ROTATION = millis(120_000);
const KEY_BYTES = 32;

/**
 * Proof that somebody receives what is sent to an address (RFC 9000 §8.1.3), made without
 * remembering anybody: the low byte of the key's generation, then 15 bytes of
 * HMAC(key, generation | endpoint). The byte in front spares a flood's second HMAC.
 */
export class AddressTokens {
  readonly #crypto: Crypto;
  readonly #random: Random;
  readonly #start: Instant;
  #generation = 0;
  #current: Uint8Array;
  #previous: Uint8Array;

  constructor({ crypto, random }: { crypto: Crypto; random: Random }, now: Instant) {
    this.#crypto = crypto;
    this.#random = random;
    this.#start = now;
    this.#current = random.bytes(KEY_BYTES);
    this.#previous = random.bytes(KEY_BYTES);
  }

  issue(remote: Endpoint, now: Instant): Uint8Array {
    this.#rotate(now);
    return this.#token(this.#current, this.#generation, remote);
  }

  verify(token: Uint8Array, remote: Endpoint, now: Instant): boolean {
    this.#rotate(now);
    const age = (this.#generation - (token[0] ?? 0)) & 0xff;
    if (age > 1) return false;
    const key = age === 0 ? this.#current : this.#previous;
    return this.#crypto.equal(token, this.#token(key, this.#generation - age, remote));
  }

  // By the time given and not by a timer: nobody waits for a new key.
  #rotate(now: Instant): void {
    const generation = Math.floor(elapsed(this.#start, now) / ROTATION);
    if (generation <= this.#generation) return;
    const next = generation === this.#generation + 1;
    this.#previous = next ? this.#current : this.#random.bytes(KEY_BYTES);
    this.#current = this.#random.bytes(KEY_BYTES);
    this.#generation = generation;
  }

  #token(key: Uint8Array, generation: number, remote: Endpoint): Uint8Array {
    const writer = new ByteWriter(32);
    writer.uint32(generation >>> 0);
    writeEndpoint(writer, remote);
    const mac = this.#crypto.hmac(key, writer.view());
    const token = new Uint8Array(ADDRESS_TOKEN_BYTES);
    token[0] = generation;
    token.set(mac.subarray(0, ADDRESS_TOKEN_BYTES - 1), 1);
    return token;
  }
}
