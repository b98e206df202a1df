import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import type { Machine, Transmit } from '../../../src/protocol/machine.ts';
import { CipherSuite, type Crypto, type Random } from '../../../src/protocol/ports.ts';
import type { DirectionKeys, SessionKeys } from '../../../src/protocol/session-keys.ts';
import { type Instant, millis } from '../../../src/protocol/time.ts';
import { Connection } from '../../../src/protocol/transport/connection.ts';
import type { ConnectionEvent } from '../../../src/protocol/transport/connection-event.ts';
import type { ConnectionOptions } from '../../../src/protocol/transport/connection-options.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';

/** One end of a connection that sends records of numbered bytes and checks what it receives. */
export class RecordEnd implements Machine<ConnectionEvent> {
  readonly connection: Connection;
  readonly closed: ConnectionEvent[] = [];
  /** When strict mode of what we receive began and ended. */
  readonly strictChanges: { readonly active: boolean; readonly at: Instant }[] = [];
  /** While false, what was received is held, as by a program that cannot keep up. */
  releases = true;
  /** Plaintext bytes received and not released. */
  held = 0;
  /** Plaintext bytes still to be sent, and those received. */
  toSend: number;
  received = 0;
  /** Longest record that is sent, if shorter than what one batch carries. */
  recordBytes = Infinity;
  /** Records seen, by their first eight bytes: none may come twice. */
  readonly #seen = new Set<number>();
  #sent = 0;
  #records = 0;

  constructor(
    options: Partial<ConnectionOptions> & { keys: SessionKeys; random: Random; remote: Endpoint },
    bytes: number,
    now: Instant,
  ) {
    this.toSend = bytes;
    this.connection = new Connection(
      {
        crypto: createCrypto(),
        rtt: millis(100),
        source: (maxBytes) => this.#nextRecord(maxBytes),
        ...options,
      },
      now,
    );
    this.connection.usePath(options.remote, millis(100), now);
  }

  get isDone(): boolean {
    return this.#sent === this.toSend && this.connection.unacknowledged === 0;
  }

  handleBatch(batch: Uint8Array, _remote: Endpoint, now: Instant): void {
    this.connection.handleBatch(batch, now);
    this.#takeEvents(now);
  }

  handleTimeout(now: Instant): void {
    this.connection.handleTimeout(now);
    this.#takeEvents(now);
  }

  /** Releases all that is held, and whatever comes from now on at once. */
  releaseAll(now: Instant): void {
    this.releases = true;
    this.connection.release(this.held, now);
    this.held = 0;
  }

  pollTransmit(now: Instant): Transmit | undefined {
    return this.connection.pollTransmit(now);
  }

  pollEvent(): undefined {
    return undefined;
  }

  pollTimeout(): Instant | undefined {
    return this.connection.pollTimeout();
  }

  #nextRecord(maxBytes: number): Uint8Array[] | undefined {
    const length = Math.min(maxBytes, this.recordBytes, this.toSend - this.#sent);
    if (length === 0) return undefined;
    const record = new Uint8Array(length).fill(this.#records & 0xff);
    new DataView(record.buffer).setUint32(0, this.#records);
    this.#sent += length;
    this.#records += 1;
    return [record];
  }

  #takeEvents(now: Instant): void {
    for (let event = this.connection.pollEvent(); event; event = this.connection.pollEvent()) {
      if (event.kind === 'record') this.#onRecord(event.plaintext, now);
      else if (event.kind === 'closed') this.closed.push(event);
      else this.strictChanges.push({ active: event.active, at: now });
    }
  }

  #onRecord(plaintext: Uint8Array, now: Instant): void {
    const view = new DataView(plaintext.buffer, plaintext.byteOffset);
    const number = view.getUint32(0);
    if (this.#seen.has(number)) throw new Error(`record ${number} came twice`);
    if (plaintext.subarray(4).some((byte) => byte !== (number & 0xff))) {
      throw new Error(`record ${number} is damaged`);
    }
    this.#seen.add(number);
    this.received += plaintext.length;
    if (this.releases) this.connection.release(plaintext.length, now);
    else this.held += plaintext.length;
  }
}

/** Mirrored keys for two ends, from a seeded source. */
export function keyPair(
  random: Random,
  suite: CipherSuite = CipherSuite.aes256Gcm,
): [SessionKeys, SessionKeys] {
  const one = directionKeys(random);
  const other = directionKeys(random);
  const shared = {
    suite,
    relayToken: random.bytes(16),
    verifier: random.bytes(8),
    resumeSecret: random.bytes(32),
  };
  return [
    { ...shared, send: one, receive: other },
    { ...shared, send: other, receive: one },
  ];
}

function directionKeys(random: Random): DirectionKeys {
  return {
    connectionId: random.bytes(8),
    record: random.bytes(32),
    control: random.bytes(32),
    header: random.bytes(16),
    probe: random.bytes(32),
    signal: random.bytes(32),
  };
}

/** A `Crypto` for tests that need none of its keys to be random. */
export const crypto: Crypto = createCrypto();
