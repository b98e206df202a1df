import type { Crypto, Random } from '../ports.ts';
import type { RelayServer } from '../relay/relay-server.ts';
import type { Instant } from '../time.ts';
import { bytesKey, sameBytes } from '../wire/bytes.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { MessageType } from './message.ts';
import { type Farewell, isDerived, Nameplates } from './nameplates.ts';
import { RateLimit } from './rate-limit.ts';
import type { Refusal } from './refusal.ts';
import { type Claim, findClaim, type Registration, Registry, type Side } from './registry.ts';
import {
  encodeBound,
  encodeClaimed,
  encodeClosed,
  encodeDeliver,
  encodeError,
  encodeRefreshed,
  encodeRegistered,
} from './replies.ts';
import {
  type BindFields,
  type ClaimFields,
  type CloseFields,
  decodeBind,
  decodeClaim,
  decodeClose,
  decodePost,
  decodeRefresh,
  decodeRegister,
  type OpenRequest,
  type Outcome,
  type PostFields,
  type RefreshFields,
  type RegisterFields,
} from './requests.ts';
import type { ServerLimits } from './server-limits.ts';
import type { ServerOutbox } from './server-outbox.ts';
import { sourcePrefix } from './source-prefix.ts';

export interface SwitchboardOptions {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly limits: ServerLimits;
  readonly allowWantedNameplates: boolean;
  readonly relay: RelayServer | undefined;
  readonly outbox: ServerOutbox;
}

/** Who asks, when, and under which transaction id. */
interface Call {
  readonly txid: Uint8Array;
  readonly remote: Endpoint;
  readonly now: Instant;
}

/** The answer to a call: a whole packet, a refusal to be packed, or nothing to say. */
type Answer = Uint8Array | Refusal | undefined;

/** What is said of a nameplate after its owner closed it. */
const FAREWELLS: Readonly<Record<Outcome, Farewell>> = {
  happy: 'used',
  failed: 'burnt',
  cancelled: 'expired',
};

/**
 * Brings the two sides of a nameplate together. Everything here comes from an address that has
 * proven itself. Nothing is stored but who they are: a posted body goes to the other side's last
 * address at once, or nowhere.
 */
export class Switchboard {
  readonly registry: Registry;
  readonly #options: SwitchboardOptions;
  readonly #nameplates: Nameplates;
  readonly #doorkeeper: Doorkeeper;
  readonly #posts: RateLimit;

  constructor(options: SwitchboardOptions, now: Instant) {
    const { limits } = options;
    this.#options = options;
    this.#nameplates = new Nameplates(options.random, limits);
    this.registry = new Registry(limits, this.#nameplates, (registration, farewell) => {
      for (const claim of registration.claims) options.relay?.release(claim.key);
      if (farewell === 'expired') options.outbox.tell({ kind: 'expired' });
    });
    this.#doorkeeper = new Doorkeeper(limits, now);
    this.#posts = new RateLimit(limits.postRate, limits.rateEntries);
  }

  /** Answers a request whose address token was good. */
  handle(request: OpenRequest, remote: Endpoint, now: Instant): void {
    const answer = this.#answer(request, { txid: request.txid, remote, now });
    if (answer === undefined) return;
    const packet = typeof answer === 'string' ? encodeError(request.txid, answer) : answer;
    this.#options.outbox.send(remote, packet);
  }

  #answer({ type, fields }: OpenRequest, call: Call): Answer {
    switch (type) {
      case MessageType.register:
        return this.#decoded(decodeRegister(fields), (request) => this.#register(request, call));
      case MessageType.refresh:
        return this.#decoded(decodeRefresh(fields), (request) => this.#refresh(request, call));
      case MessageType.claim:
        return this.#decoded(decodeClaim(fields), (request) => this.#claim(request, call));
      case MessageType.post:
        return this.#decoded(decodePost(fields), (request) => this.#post(request, call));
      case MessageType.bind:
        return this.#decoded(decodeBind(fields), (request) => this.#bind(request, call));
      default:
        return this.#decoded(decodeClose(fields), (request) => this.#close(request, call));
    }
  }

  #decoded<Fields>(fields: Fields | undefined, answer: (fields: Fields) => Answer): Answer {
    if (fields !== undefined) return answer(fields);
    this.#options.outbox.drop('undecodable');
    return undefined;
  }

  #register(request: RegisterFields, call: Call): Answer {
    const { remote, now, txid } = call;
    const secretHash = this.#options.crypto.sha256(request.ownerSecret);
    const known = this.registry.findByOwner(secretHash, now);
    if (known && sameBytes(known.hello, request.hello)) {
      known.owner.remote = remote;
      known.owner.deliveryId = txid.slice();
      this.registry.extend(known, now);
      return encodeRegistered(txid, known.nameplate, remote);
    }
    const source = sourcePrefix(remote.address);
    if (!this.#doorkeeper.admitsHost(source.host, request.wanted, now)) return 'rate-limited';
    // The owner with another hello starts over: another nonce, so no claim of the old one is good.
    if (known) this.registry.remove(known, undefined, now);
    if (!this.registry.hasRoom(source)) return 'busy';
    const nameplate = known?.nameplate ?? this.#pickNameplate(request.wanted, secretHash, now);
    if (nameplate === undefined) return 'busy';
    const owner: Side = { remote, secretHash, deliveryId: txid.slice() };
    const { isOpen } = request;
    this.registry.add({ nameplate, owner, source, isOpen, hello: request.hello.slice() }, now);
    this.#options.outbox.tell({ kind: 'registered' });
    return encodeRegistered(txid, nameplate, remote);
  }

  /** A wish is granted where nothing speaks against it; otherwise there is another number. */
  #pickNameplate(wanted: number, owner: Uint8Array, now: Instant): number | undefined {
    const { allowWantedNameplates } = this.#options;
    const isFree = wanted !== 0 && !this.registry.has(wanted);
    if (isDerived(wanted)) return isFree ? wanted : undefined;
    const mayHave = allowWantedNameplates || this.#nameplates.mayHave(wanted, owner, now);
    const isGranted = isFree && mayHave;
    return isGranted ? wanted : this.#nameplates.choose(this.registry);
  }

  #refresh({ nameplate, ownerSecret }: RefreshFields, { remote, now, txid }: Call): Answer {
    const registration = this.registry.find(nameplate, now);
    if (!registration) return this.#missing(nameplate, now);
    if (!this.#owns(registration.owner, ownerSecret)) return 'bad-secret';
    registration.owner.remote = remote;
    this.registry.extend(registration, now);
    return encodeRefreshed(txid, remote);
  }

  #claim(request: ClaimFields, call: Call): Answer {
    const { remote, now, txid } = call;
    const { host } = sourcePrefix(remote.address);
    const registration = this.registry.find(request.nameplate, now);
    const known = registration && findClaim(registration, request.claimId);
    if (registration && known) {
      if (!this.#owns(known, request.claimSecret)) return 'bad-secret';
      known.remote = remote;
      known.deliveryId = txid.slice();
      return encodeClaimed(txid, remote, registration.hello);
    }
    const { nameplate } = request;
    const refusal = this.#doorkeeper.refuseGuest(host, nameplate, registration, now);
    if (refusal !== undefined) return refusal;
    if (!registration) return this.#absent(nameplate, now);
    if (!this.#makeRoom(registration)) return 'burnt';
    registration.claims.push(this.#newClaim(request, call));
    this.#options.outbox.tell({ kind: 'claimed' });
    return encodeClaimed(txid, remote, registration.hello);
  }

  /** Whether one more may claim it; who came first has been answered, if guests take turns. */
  #makeRoom({ claims, isOpen }: Registration): boolean {
    const { claimsPerNameplate, claimsPerOpenNameplate } = this.#options.limits;
    if (!isOpen) return claims.length < claimsPerNameplate;
    const oldest = claims.length < claimsPerOpenNameplate ? undefined : claims.shift();
    if (oldest !== undefined) this.#options.relay?.release(oldest.key);
    return true;
  }

  #newClaim({ nameplate, claimId, claimSecret }: ClaimFields, { txid, remote }: Call): Claim {
    return {
      id: claimId.slice(),
      key: `${nameplate}|${bytesKey(claimId)}`,
      remote,
      secretHash: this.#options.crypto.sha256(claimSecret),
      deliveryId: txid.slice(),
      answered: false,
      closed: false,
    };
  }

  #post({ nameplate, claimId, secret, body }: PostFields, { remote, now }: Call): Answer {
    const party = this.#party(nameplate, claimId, secret, now);
    if (typeof party === 'string') return party;
    const { registration, claim, own, other } = party;
    if (!this.#posts.take(`${own === claim ? 'c' : 'o'}|${claim.key}`, now)) {
      this.#options.outbox.drop('post-rate');
      return undefined;
    }
    own.remote = remote;
    if (own === registration.owner) this.#notePairing(registration, claim, now);
    const packet = encodeDeliver(other.deliveryId, claim.id, remote, body);
    this.#options.outbox.send(other.remote, packet);
    return undefined;
  }

  #notePairing(registration: Registration, claim: Claim, now: Instant): void {
    if (claim.answered) return;
    claim.answered = true;
    this.registry.pair(registration, now);
    this.#options.outbox.tell({ kind: 'paired' });
  }

  #bind(request: BindFields, { txid, remote, now }: Call): Answer {
    const party = this.#party(request.nameplate, request.claimId, request.secret, now);
    if (typeof party === 'string') return party;
    const { registration, claim, own } = party;
    const { relay, crypto, outbox } = this.#options;
    if (!relay) return 'relay-refused';
    own.remote = remote;
    // A host is at one guest. Who claims anew has died before, and said no goodbye: what was bound
    // for it would fill the places of its address, try after try.
    if (own !== claim)
      for (const one of registration.claims) if (one !== claim) relay.release(one.key);
    const outcome = relay.bind(
      {
        key: claim.key,
        side: own === claim ? 'claim' : 'owner',
        remote,
        source: sourcePrefix(remote.address).host,
        tokenHash: crypto.sha256(request.relayToken),
        connectionId: request.connectionId.slice(),
      },
      now,
    );
    if (outcome === 'busy') return 'busy';
    if (outcome === 'refused') return 'relay-refused';
    if (outcome === 'opened') outbox.tell({ kind: 'relay-opened' });
    if (outcome !== 'waiting') this.registry.extendForRelay(registration, now);
    return encodeBound(txid, outcome !== 'waiting');
  }

  #close({ nameplate, secret, outcome }: CloseFields, { txid, now }: Call): Answer {
    const registration = this.registry.find(nameplate, now);
    // Gone is gone: CLOSE is repeated until CLOSED arrives.
    if (!registration) return encodeClosed(txid);
    const claim = registration.claims.find((candidate) => this.#owns(candidate, secret));
    if (claim) {
      // A claim lets go of itself only. It stays counted: three claims are for life.
      claim.closed = true;
      this.#options.relay?.release(claim.key);
    } else if (this.#owns(registration.owner, secret)) {
      this.registry.remove(registration, FAREWELLS[outcome], now);
      this.#options.outbox.tell({ kind: 'closed', outcome });
    } else return 'bad-secret';
    return encodeClosed(txid);
  }

  /** Why nobody is at a nameplate. */
  #missing(nameplate: number, now: Instant): Refusal {
    return this.#nameplates.farewell(nameplate, now) ?? 'unknown-nameplate';
  }

  /** The same for a guest: the host may be on its way back to a server that has just started. */
  #absent(nameplate: number, now: Instant): Refusal {
    const why = this.#missing(nameplate, now);
    const mayCome = why === 'unknown-nameplate' && !isDerived(nameplate);
    return mayCome && this.#doorkeeper.isEarly(now) ? 'starting' : why;
  }

  /** Whose secret this is, the owner's or the claim's, and who stands on the other side. */
  #party(nameplate: number, claimId: Uint8Array, secret: Uint8Array, now: Instant) {
    const registration = this.registry.find(nameplate, now);
    if (!registration) return this.#missing(nameplate, now);
    const claim = findClaim(registration, claimId);
    if (!claim || claim.closed) return 'bad-secret';
    const { owner } = registration;
    if (this.#owns(owner, secret)) return { registration, claim, own: owner, other: claim };
    if (this.#owns(claim, secret)) return { registration, claim, own: claim, other: owner };
    return 'bad-secret';
  }

  #owns(side: Side, secret: Uint8Array): boolean {
    return this.#options.crypto.equal(side.secretHash, this.#options.crypto.sha256(secret));
  }
}
