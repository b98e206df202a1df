import type { Machine, Transmit } from '../machine.ts';
import type { Crypto, Random } from '../ports.ts';
import { DEFAULT_RELAY_LIMITS, type RelayLimits } from '../relay/relay-limits.ts';
import { RelayServer } from '../relay/relay-server.ts';
import { after, type Instant, millis } from '../time.ts';
import { type Endpoint, UNSPECIFIED } from '../wire/endpoint.ts';
import { isSessionType, packetLength, packetType } from '../wire/packet.ts';
import { AddressTokens } from './address-token.ts';
import { MessageType, RENDEZVOUS_VERSION } from './message.ts';
import { Observer } from './observer.ts';
import { RateLimit } from './rate-limit.ts';
import { encodeChallenge, encodeError } from './replies.ts';
import { type OpenRequest, openRequest } from './requests.ts';
import type { ServerCounters, ServerEvent } from './server-event.ts';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from './server-limits.ts';
import { ServerOutbox } from './server-outbox.ts';
import { sourcePrefix } from './source-prefix.ts';
import { Switchboard } from './switchboard.ts';

export interface RendezvousServerOptions {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly limits?: Partial<ServerLimits>;
  readonly relayLimits?: Partial<RelayLimits>;
  /**
   * The sockets that clients reach it by, each with the base that remotes by it have; without a
   * base is the first of its family. A server that knows none answers OBSERVE, and has no alternate.
   */
  readonly listeners?: readonly Endpoint[];
  /** Grants any free nameplate that is asked for, also one that cools down: inside a sender's own process. */
  readonly allowWantedNameplates?: boolean;
  /** Whether to relay at all; on by default. */
  readonly relay?: boolean;
  /** Relays for private and loopback addresses too: for a server in the LAN or in a lab. */
  readonly allowPrivateRelay?: boolean;
}

/** Expiry is checked at every look-up; the sweep only frees what nobody looks up any more. */
const SWEEP_EVERY = millis(5000);

/**
 * The rendezvous server: switchboard and relay behind one entrance. Before a source address has
 * proven itself by a token, nothing is remembered and no answer is larger than its question.
 *
 * A host in the same process speaks from the `UNSPECIFIED` endpoint and is spoken to there.
 */
export class RendezvousServer implements Machine<ServerEvent> {
  readonly #outbox: ServerOutbox;
  readonly #tokens: AddressTokens;
  readonly #relay: RelayServer | undefined;
  readonly #switchboard: Switchboard;
  readonly #observer: Observer;
  readonly #challenges: RateLimit;
  readonly #challengesTotal: RateLimit;
  #sweepAt: Instant | undefined;

  constructor(options: RendezvousServerOptions, now: Instant) {
    const { crypto, random, allowWantedNameplates = false, relay = true } = options;
    const limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
    this.#outbox = new ServerOutbox(limits.queuedReplies);
    this.#tokens = new AddressTokens({ crypto, random }, now);
    this.#relay = relay ? createRelay(options) : undefined;
    this.#switchboard = new Switchboard(
      { crypto, random, limits, allowWantedNameplates, relay: this.#relay, outbox: this.#outbox },
      now,
    );
    this.#observer = new Observer({
      listeners: options.listeners ?? [],
      limits,
      outbox: this.#outbox,
    });
    this.#challenges = new RateLimit(limits.challengeRate, limits.rateEntries);
    this.#challengesTotal = new RateLimit(limits.challengeRateTotal, 1);
  }

  /** A snapshot. */
  get counters(): ServerCounters {
    const { registry } = this.#switchboard;
    const relay = this.#relay?.counters ?? NO_RELAY;
    return {
      ...this.#outbox.traffic,
      drops: { ...this.#outbox.drops },
      relay: { ...relay },
      live: {
        registrations: registry.size,
        claims: registry.claims,
        relays: this.#relay?.size ?? 0,
      },
    };
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    // Port 0 can be forged but not answered, and would look like the host in our own process.
    if (remote.port === 0 && remote.address !== UNSPECIFIED.address) {
      this.#outbox.drop('malformed');
      return;
    }
    let offset = 0;
    while (offset < batch.length) {
      const length = packetLength(batch, offset);
      if (length === 0) {
        this.#outbox.drop('malformed');
        break;
      }
      if (isSessionType(packetType(batch, offset))) {
        offset = this.#forward(batch, offset, remote, now);
      } else {
        this.#handlePacket(batch.subarray(offset, offset + length), remote, now);
        offset += length;
      }
    }
    this.#sweepAt ??= this.#nextSweep(now);
  }

  handleTimeout(now: Instant): void {
    if (this.#sweepAt === undefined || this.#sweepAt > now) return;
    this.#switchboard.registry.sweep(now);
    this.#relay?.sweep(now);
    this.#sweepAt = this.#nextSweep(now);
  }

  pollTransmit(): Transmit | undefined {
    return this.#outbox.pollTransmit() ?? this.#relay?.pollTransmit();
  }

  pollEvent(): ServerEvent | undefined {
    return this.#outbox.pollEvent();
  }

  pollTimeout(): Instant | undefined {
    return this.#sweepAt;
  }

  #forward(batch: Uint8Array, offset: number, remote: Endpoint, now: Instant): number {
    if (this.#relay) return this.#relay.forward(batch, offset, remote, now);
    this.#outbox.drop('no-relay');
    return offset + packetLength(batch, offset);
  }

  #handlePacket(packet: Uint8Array, remote: Endpoint, now: Instant): void {
    this.#outbox.received(packet.length);
    const request = openRequest(packet);
    if (!request) this.#outbox.drop('no-request');
    else if (request.version !== RENDEZVOUS_VERSION) {
      this.#answerUnproven(remote, () => encodeError(request.txid, 'version'), now);
    } else if (this.#tokens.verify(request.token, remote, now)) {
      if (request.type === MessageType.observe) this.#observer.handle(request, remote, now);
      else this.#switchboard.handle(request, remote, now);
    } else {
      this.#answerUnproven(remote, () => this.#challenge(request, remote, now), now);
    }
  }

  #challenge(request: OpenRequest, remote: Endpoint, now: Instant): Uint8Array {
    return encodeChallenge(request.txid, this.#tokens.issue(remote, now), remote);
  }

  /** Both limits are about victims of forged addresses, whom even an answer of equal size annoys. */
  #answerUnproven(remote: Endpoint, answer: () => Uint8Array, now: Instant): void {
    const { host } = sourcePrefix(remote.address);
    if (this.#challenges.take(host, now) && this.#challengesTotal.take('', now)) {
      this.#outbox.send(remote, answer());
    } else this.#outbox.drop('challenge-rate');
  }

  #nextSweep(now: Instant): Instant | undefined {
    const isEmpty = this.#switchboard.registry.size === 0 && (this.#relay?.size ?? 0) === 0;
    return isEmpty ? undefined : after(now, SWEEP_EVERY);
  }
}

const NO_RELAY: ServerCounters['relay'] = {
  packets: 0,
  bytes: 0,
  droppedStrangers: 0,
  droppedFull: 0,
};

function createRelay(options: RendezvousServerOptions): RelayServer {
  return new RelayServer({
    limits: { ...DEFAULT_RELAY_LIMITS, ...options.relayLimits },
    allowPrivate: options.allowPrivateRelay ?? false,
    equal: (a, b) => options.crypto.equal(a, b),
  });
}
