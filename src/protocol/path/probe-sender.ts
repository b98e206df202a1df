import type { Transmit } from '../machine.ts';
import type { Crypto, Random } from '../ports.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { limits } from './limits.ts';
import { encodeProbe, type Probe, type ProbeKeys, type ProbeNonce } from './probe-codec.ts';

export interface RequestOptions {
  readonly nominate?: boolean;
  /** Hops after which the request dies, if it is not meant to arrive. */
  readonly ttl?: number;
}

/** Makes all requests and answers of one side: it numbers them, so that the peer can tell new from old. */
export class ProbeSender {
  readonly #keys: ProbeKeys;
  readonly #crypto: Pick<Crypto, 'hmac'>;
  readonly #random: Pick<Random, 'integer'>;
  readonly #transmits: Transmit[] = [];
  #lastCounter = 0;

  constructor(options: {
    readonly keys: ProbeKeys;
    readonly crypto: Pick<Crypto, 'hmac'>;
    readonly random: Pick<Random, 'integer'>;
  }) {
    this.#keys = options.keys;
    this.#crypto = options.crypto;
    this.#random = options.random;
  }

  /** Sends a request; its nonce is what the answer has to repeat. */
  request(remote: Endpoint, { nominate = false, ttl }: RequestOptions = {}): ProbeNonce {
    // 32 bits last for years of the keep-alive rate, and for 50 days of the highest.
    this.#lastCounter += 1;
    const nonce = { counter: this.#lastCounter, salt: this.#random.integer(2 ** 32) };
    this.#send({ kind: 'request', nonce, nominate }, remote, ttl);
    return nonce;
  }

  /** Answers a request where it came from; false when too many answers wait already. */
  answer(nonce: ProbeNonce, remote: Endpoint): boolean {
    if (this.#transmits.length >= limits.pendingAnswers) return false;
    this.#send({ kind: 'response', nonce, observed: remote }, remote);
    return true;
  }

  pollTransmit(): Transmit | undefined {
    return this.#transmits.shift();
  }

  #send(probe: Probe, remote: Endpoint, ttl?: number): void {
    const payload = encodeProbe(probe, this.#keys, this.#crypto);
    const transmit = { remote, payload, segmentSize: payload.length };
    this.#transmits.push(ttl === undefined ? transmit : { ...transmit, ttl });
  }
}
