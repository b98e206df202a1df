import type { ErrorCode } from '../errors.ts';
import type { Transmit } from '../machine.ts';
import type { Crypto, Random } from '../ports.ts';
import type { Kept } from '../rendezvous/rendezvous-client.ts';
import { type HostEvent, RendezvousHost } from '../rendezvous/rendezvous-host.ts';
import { RendezvousServer } from '../rendezvous/rendezvous-server.ts';
import type { Outcome } from '../rendezvous/requests.ts';
import type { ServerLimits } from '../rendezvous/server-limits.ts';
import { earliest, type Instant, millis } from '../time.ts';
import { type Endpoint, isStream, sameEndpoint, UNSPECIFIED } from '../wire/endpoint.ts';
import type { KnownServer } from './session-options.ts';

/** A rendezvous at which the sender can be found. */
export interface Host {
  readonly machine: RendezvousHost;
  /** `undefined` for the server in our own process. */
  readonly server: Endpoint | undefined;
  /** Our address as this server sees it. */
  observed: Endpoint | undefined;
  /**
   * `failed`: it could not be reached; `left`: it gave a number that is not that of the code, and
   * nobody will look for us there.
   */
  state: 'waiting' | 'registered' | 'failed' | 'left';
}

export type HostingEvent =
  /** A server of the network answers. */
  | { readonly kind: 'server'; readonly server: Endpoint }
  /** Again when a server that had forgotten us gave another one: the code is another then. */
  | { readonly kind: 'nameplate'; readonly nameplate: number }
  | {
      readonly kind: 'message';
      readonly host: Host;
      readonly claimId: Uint8Array;
      readonly body: Uint8Array;
      readonly peer: Endpoint | undefined;
    }
  | { readonly kind: 'dial'; readonly server: Endpoint }
  /** A server lets our address begin no more for now, and nobody else has us either. */
  | { readonly kind: 'rate-limited' }
  | { readonly kind: 'failed'; readonly code: ErrorCode };

/** Where a sender is to be found, in this process and in the next. */
export interface Place {
  /** Wished for; a server may give another one. */
  readonly nameplate?: number;
  /** 16 bytes by which a server knows the registration of an earlier process. */
  readonly ownerSecret: Uint8Array;
  /** Where that was found, if nobody is to come there any more. */
  readonly former?: Kept | undefined;
}

interface HostingOptions {
  /** The servers to register with; without any, only the embedded server is there. */
  readonly servers: readonly KnownServer[];
  /** Whether an embedded server answers on our own socket, for the LAN. */
  readonly lan: boolean;
  readonly hello: Uint8Array;
  readonly crypto: Crypto;
  readonly random: Random;
  readonly place?: Place | undefined;
  /** Whether receivers are expected one after the other. */
  readonly isOpen: boolean;
}

/**
 * The places where a sender waits to be found: servers of the network, the server in its own
 * process, or all of them under one nameplate. The first that answers decides on that.
 */
export class Hosting {
  readonly #options: HostingOptions;
  readonly #embedded: RendezvousServer | undefined;
  readonly #hosts: Host[] = [];
  readonly #events: HostingEvent[] = [];
  /** What the embedded server says to others. */
  readonly #outgoing: Transmit[] = [];
  #nameplate: number | undefined;

  constructor(options: HostingOptions, now: Instant) {
    this.#options = options;
    const { crypto, random, lan } = options;
    this.#embedded = lan
      ? new RendezvousServer(
          { crypto, random, allowWantedNameplates: true, relay: false, limits: EMBEDDED_LIMITS },
          now,
        )
      : undefined;
    const { servers, place } = options;
    // Several servers know nothing of each other, so that we have to choose what is ours at all.
    const own = servers.length > 1 ? chooseNameplate(random) : undefined;
    for (const server of servers) this.#register(server, place?.nameplate ?? own, now);
    if (servers.length === 0 && lan) this.#register(undefined, place?.nameplate, now);
    this.#settle(now);
  }

  handleRun(run: Uint8Array, remote: Endpoint, now: Instant): void {
    for (const host of this.#hosts) {
      if (host.server !== undefined && isWay(host.machine, remote)) {
        host.machine.handleBatch(run, remote, now);
      }
    }
    this.#embedded?.handleBatch(run, remote, now);
    this.#settle(now);
  }

  addWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.#hostAt(server)?.machine.addWay(way, now);
    this.#settle(now);
  }

  endWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.#hostAt(server)?.machine.endWay(way, now);
    this.#settle(now);
  }

  handleTimeout(now: Instant): void {
    for (const { machine } of this.#hosts) machine.handleTimeout(now);
    this.#embedded?.handleTimeout(now);
    this.#settle(now);
  }

  pollTransmit(now: Instant): Transmit | undefined {
    this.#exchange(now);
    for (const { machine, server } of this.#hosts) {
      const transmit = server === undefined ? undefined : machine.pollTransmit();
      if (transmit !== undefined) return transmit;
    }
    return this.#outgoing.shift();
  }

  pollEvent(): HostingEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    const hosts = this.#hosts.map(({ machine }) => machine.pollTimeout());
    return earliest(this.#embedded?.pollTimeout(), ...hosts);
  }

  /** Shows ourselves to all servers at once: our address may be another one. */
  refresh(now: Instant): void {
    for (const { machine } of this.#hosts) machine.refresh(now);
    this.#settle(now);
  }

  close(outcome: Outcome, now: Instant): void {
    for (const { machine } of this.#hosts) machine.close(outcome, now);
  }

  #hostAt(server: Endpoint): Host | undefined {
    return this.#hosts.find((host) => host.server && sameEndpoint(host.server, server));
  }

  #register(server: KnownServer | undefined, nameplate: number | undefined, now: Instant): void {
    const { hello, random, place, isOpen } = this.#options;
    const { endpoint, ...transports } = server ?? {};
    const machine = new RendezvousHost(
      {
        server: endpoint ?? UNSPECIFIED,
        hello,
        random,
        isOpen,
        ...transports,
        ...(nameplate === undefined ? {} : { nameplate }),
        ...(place === undefined ? {} : { ownerSecret: place.ownerSecret }),
        ...(place?.former === undefined ? {} : { former: place.former }),
      },
      now,
    );
    this.#hosts.push({ machine, server: endpoint, observed: undefined, state: 'waiting' });
  }

  /** Lets the embedded server and its host come to rest, and collects what all hosts tell. */
  #settle(now: Instant): void {
    this.#exchange(now);
    for (const host of this.#hosts) {
      for (let event = host.machine.pollEvent(); event; event = host.machine.pollEvent()) {
        this.#onHostEvent(host, event, now);
      }
    }
    while (this.#embedded?.pollEvent() !== undefined);
  }

  #onHostEvent(host: Host, event: HostEvent, now: Instant): void {
    if (host.state === 'left') return;
    switch (event.kind) {
      case 'registered':
        this.#onRegistered(host, event, now);
        break;
      case 'message':
        this.#events.push({ ...event, host });
        break;
      case 'failed':
        host.state = 'failed';
        if (this.#hosts.every(({ state }) => state === 'failed')) this.#events.push(event);
        break;
      case 'rate-limited':
        if (this.#nameplate === undefined) this.#events.push(event);
        break;
      case 'dial':
        if (host.server !== undefined) this.#events.push({ kind: 'dial', server: host.server });
        break;
      // The relay is a candidate like any other: whether it works, checks tell.
      case 'relay-bound':
      case 'relay-refused':
        break;
    }
  }

  #onRegistered(
    host: Host,
    { nameplate, observed }: Extract<HostEvent, { kind: 'registered' }>,
    now: Instant,
  ): void {
    const isElsewhere = this.#hosts.some((other) => {
      return other !== host && other.server !== undefined && other.state === 'registered';
    });
    if (nameplate !== this.#nameplate && isElsewhere && host.server !== undefined) {
      host.state = 'left';
      host.machine.close('cancelled', now);
      return;
    }
    host.state = 'registered';
    if (host.server === undefined) {
      if (this.#options.servers.length === 0) this.#adopt(nameplate, now);
      return;
    }
    host.observed = observed;
    if (!isStream(observed)) this.#events.push({ kind: 'server', server: host.server });
    this.#adopt(nameplate, now);
  }

  /** The code has this number from now on. Beside servers, our own one follows. */
  #adopt(nameplate: number, now: Instant): void {
    if (this.#nameplate === nameplate) return;
    this.#nameplate = nameplate;
    this.#events.push({ kind: 'nameplate', nameplate });
    if (this.#options.lan && this.#options.servers.length > 0) {
      this.#leaveEmbedded(now);
      this.#register(undefined, nameplate, now);
      this.#exchange(now);
    }
  }

  #leaveEmbedded(now: Instant): void {
    const own = this.#hosts.findIndex(({ server }) => server === undefined);
    if (own === -1) return;
    this.#hosts[own]?.machine.close('cancelled', now);
    this.#exchange(now);
    this.#hosts.splice(own, 1);
  }

  /**
   * Carries messages between the embedded server and our own host until both are silent: an answer
   * that waited for the next input would leave the sender without a code for seconds.
   */
  #exchange(now: Instant): void {
    const own = this.#hosts.find(({ server }) => server === undefined)?.machine;
    while (this.#carryToServer(own, now) || this.#carryFromServer(own, now));
  }

  #carryToServer(own: RendezvousHost | undefined, now: Instant): boolean {
    const sent = this.#embedded === undefined ? undefined : own?.pollTransmit();
    if (sent === undefined) return false;
    this.#embedded?.handleBatch(sent.payload, UNSPECIFIED, now);
    sent.release?.();
    return true;
  }

  #carryFromServer(own: RendezvousHost | undefined, now: Instant): boolean {
    const sent = this.#outgoing.length < MAX_OUTGOING ? this.#embedded?.pollTransmit() : undefined;
    if (sent === undefined) return false;
    if (sameEndpoint(sent.remote, UNSPECIFIED)) {
      own?.handleBatch(sent.payload, UNSPECIFIED, now);
      sent.release?.();
    } else this.#outgoing.push(sent);
    return true;
  }
}

/** Five digits at most, which are still easily said; a server grants them unless they are taken. */
function chooseNameplate(random: Random): number {
  return 1000 + random.integer(99_000);
}

function isWay(machine: RendezvousHost, remote: Endpoint): boolean {
  return machine.ways.some((way) => sameEndpoint(way, remote));
}

/**
 * A receiver claims at each of our addresses that it finds, and only one of these claims leads to an
 * attempt. The attempts are counted by the handshake, which is in this very process; here only
 * memory is at stake, some 300 bytes a claim.
 */
const EMBEDDED_LIMITS: Partial<ServerLimits> = {
  claimsPerNameplate: 64,
  claimRate: { perMinute: 120, burst: 64 },
  openClaimRate: { perMinute: 120, burst: 64 },
  // Its only host is there before anybody can ask.
  returnTime: millis(0),
};

/** Beyond this, answers wait in the server's own queue, which drops what is too much. */
const MAX_OUTGOING = 64;
