import { AEAD_NONCE_BYTES, type Aead, CipherSuite, type Crypto } from '../ports.ts';
import type { SessionKeys } from '../session-keys.ts';
import { after, type Instant, type Millis, millis } from '../time.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { decodeSignal, encodeSignal, type Signal, type Situation } from './signal.ts';

/** The first byte of a body that is a signal; those of the handshake are other letters. */
const SIGNAL_KIND = 0x45;
const HEADER_BYTES = 5;
/** Most servers are nearer than this. */
const FIRST_REPEAT: Millis = millis(200);
const LONGEST_REPEAT: Millis = millis(4000);
/** Some 20 s. What was not heard by then waits for the next change: the server may be gone for good. */
const ATTEMPTS = 9;

/** Whether a body that came by way of the server is a signal. */
export function isSignal(body: Uint8Array): boolean {
  return body[0] === SIGNAL_KIND;
}

/**
 * What two sides that have met go on telling each other by way of the server (trickle, RFC 8838):
 * new addresses, what their NATs do. Sealed, so that the server reads none of it.
 *
 *     0        'E' (1), counter (4)   the counter is the nonce, and never repeats
 *     5        ChaCha20-Poly1305 of the signal, with the first five bytes as associated data
 *
 * Each signal holds everything, so only the last one matters; it is repeated until the other side
 * says that it has seen it.
 */
export class Signalling {
  readonly #send: Aead;
  readonly #receive: Aead;
  #situation: Situation;
  #version = 1;
  /** The last version of ours that the peer has, and of the peer's that we have. */
  #heard = 0;
  #seen = 0;
  /** The last counter in each direction. */
  #sent = 0;
  #received = 0;
  /** How often this version has been told. */
  #attempts = 0;
  #dueAt: Instant | undefined;

  constructor(
    options: {
      readonly crypto: Pick<Crypto, 'aead'>;
      readonly keys: Pick<SessionKeys, 'send' | 'receive'>;
    },
    situation: Situation,
    now: Instant,
  ) {
    const { crypto, keys } = options;
    this.#send = crypto.aead(CipherSuite.chacha20Poly1305, keys.send.signal);
    this.#receive = crypto.aead(CipherSuite.chacha20Poly1305, keys.receive.signal);
    this.#situation = situation;
    this.#dueAt = now;
  }

  /** This is how things are with us now. */
  update(situation: Situation, now: Instant): void {
    this.#situation = situation;
    this.#version += 1;
    this.#attempts = 0;
    this.#dueAt = now;
  }

  /** Takes a signal; yields the peer's situation when it is another than before. */
  handleBody(body: Uint8Array, now: Instant): Situation | undefined {
    const signal = this.#open(body, now);
    if (signal === undefined) return undefined;
    this.#heard = Math.max(this.#heard, Math.min(signal.seen, this.#version));
    if (!this.#asks) this.#dueAt = undefined;
    if (signal.asks) this.#dueAt = now;
    if (signal.version <= this.#seen) return undefined;
    this.#seen = signal.version;
    return signal.situation;
  }

  /** Whether the peer has made this, be it new or not. */
  isAuthentic(body: Uint8Array): boolean {
    const counter = counterOf(body);
    return counter !== undefined && this.#unseal(body, counter) !== undefined;
  }

  /** The next body to post, if one is due. */
  pollBody(now: Instant): Uint8Array | undefined {
    if (this.#dueAt === undefined || this.#dueAt > now) return undefined;
    this.#attempts += 1;
    const isLast = !this.#asks || this.#attempts >= ATTEMPTS;
    this.#dueAt = isLast ? undefined : after(now, repeatAfter(this.#attempts));
    return this.#seal(now);
  }

  pollTimeout(): Instant | undefined {
    return this.#dueAt;
  }

  /** Whether the peer is not known to have our last version. */
  get #asks(): boolean {
    return this.#heard < this.#version;
  }

  #seal(now: Instant): Uint8Array {
    this.#sent += 1;
    const header = new ByteWriter(HEADER_BYTES);
    header.uint8(SIGNAL_KIND);
    header.uint32(this.#sent);
    const version = this.#version;
    const told = { version, seen: this.#seen, asks: this.#asks, situation: this.#situation };
    const signal = encodeSignal(told, now);
    const body = new ByteWriter();
    body.bytes(header.view());
    for (const piece of this.#send.seal(nonceOf(this.#sent), header.view(), [signal])) {
      body.bytes(piece);
    }
    return body.finish();
  }

  #open(body: Uint8Array, now: Instant): Signal | undefined {
    const counter = counterOf(body);
    // Signals overtake each other; the last one says all that earlier ones did.
    if (counter === undefined || counter <= this.#received) return undefined;
    const bytes = this.#unseal(body, counter);
    if (bytes === undefined) return undefined;
    this.#received = counter;
    return decodeSignal(bytes, now);
  }

  #unseal(body: Uint8Array, counter: number): Uint8Array | undefined {
    const header = body.subarray(0, HEADER_BYTES);
    return this.#receive.open(nonceOf(counter), header, body.subarray(HEADER_BYTES));
  }
}

function counterOf(body: Uint8Array): number | undefined {
  return isSignal(body) ? new ByteReader(body.subarray(1)).uint32() : undefined;
}

function repeatAfter(attempts: number): Millis {
  return millis(Math.min(FIRST_REPEAT * 2 ** (attempts - 1), LONGEST_REPEAT));
}

/** Eight zeros and the counter: there are no more than 2^32 signals under one key. */
function nonceOf(counter: number): Uint8Array {
  const nonce = new ByteWriter(AEAD_NONCE_BYTES);
  nonce.zeros(AEAD_NONCE_BYTES - 4);
  nonce.uint32(counter);
  return nonce.finish();
}
