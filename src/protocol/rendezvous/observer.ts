import type { Instant } from '../time.ts';
import { type Endpoint, UNSPECIFIED } from '../wire/endpoint.ts';
import { RateLimit } from './rate-limit.ts';
import { encodeObserved } from './replies.ts';
import { decodeObserve, type OpenRequest } from './requests.ts';
import type { ServerLimits } from './server-limits.ts';
import type { ServerOutbox } from './server-outbox.ts';
import { sourcePrefix } from './source-prefix.ts';

export interface ObserverOptions {
  readonly listeners: readonly Endpoint[];
  readonly limits: ServerLimits;
  readonly outbox: ServerOutbox;
}

/**
 * Tells clients what their NATs make of them (the idea of RFC 5780): how a packet's source looks
 * from each of the server's sockets, and whether an answer from a socket that was not asked gets
 * in. An answer only ever goes to the source of the question, which has proven itself.
 */
export class Observer {
  readonly #listeners: readonly Endpoint[];
  readonly #outbox: ServerOutbox;
  readonly #alternates: RateLimit;

  constructor({ listeners, limits, outbox }: ObserverOptions) {
    this.#listeners = listeners;
    this.#outbox = outbox;
    this.#alternates = new RateLimit(limits.alternateRate, limits.rateEntries);
  }

  /** Answers an OBSERVE whose address token was good. */
  handle({ txid, fields }: OpenRequest, remote: Endpoint, now: Instant): void {
    const replyFrom = decodeObserve(fields)?.replyFrom;
    const { otherPort, otherAddress, farthest } = this.#around(remote);
    const answer = encodeObserved(txid, remote, {
      alternatePort: otherPort?.port ?? 0,
      alternateAddress: otherAddress ?? UNSPECIFIED,
    });
    switch (replyFrom) {
      case 'asked':
        this.#outbox.send(remote, answer);
        break;
      case 'other-port':
        this.#sendFrom(otherPort, remote, answer, now);
        break;
      case 'other-address':
        this.#sendFrom(farthest, remote, answer, now);
        break;
      default:
        this.#outbox.drop('undecodable');
    }
  }

  #sendFrom(
    listener: Endpoint | undefined,
    { address, port }: Endpoint,
    answer: Uint8Array,
    now: Instant,
  ): void {
    if (listener === undefined) this.#outbox.drop('no-alternate');
    else if (!this.#alternates.take(sourcePrefix(address).host, now)) {
      this.#outbox.drop('alternate-rate');
    } else {
      const { base } = listener;
      this.#outbox.send(base === undefined ? { address, port } : { address, port, base }, answer);
    }
  }

  /** The listeners that differ from the one by which `remote` came, in port, address, and both. */
  #around(remote: Endpoint) {
    const family = this.#listeners.filter(
      ({ address }) => isIpv6(address) === isIpv6(remote.address),
    );
    const asked = family.find(({ base }) => base === remote.base);
    const otherPort = family.find(
      (one) => one.address === asked?.address && one.port !== asked.port,
    );
    const others = family.filter((one) => asked !== undefined && isOtherAddress(one, asked));
    const farthest = others.find(({ port }) => port !== asked?.port) ?? others[0];
    return { otherPort, otherAddress: others[0], farthest };
  }
}

/** The wildcard is every address: neither is it another one, nor is any other beside it. */
const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];

function isOtherAddress(one: Endpoint, asked: Endpoint): boolean {
  if (WILDCARDS.includes(one.address) || WILDCARDS.includes(asked.address)) return false;
  return one.address !== asked.address;
}

function isIpv6(address: string): boolean {
  return address.includes(':');
}
