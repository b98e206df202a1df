import { after, type Instant, type Millis, millis } from '../../src/protocol/time.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import type { EndpointTable } from './endpoint-table.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What a mapping (RFC 4787 §4.1) or a filter (§5) distinguishes about the remote side. */
export type Dependence =
  | 'endpoint-independent'
  | 'address-dependent'
  | 'address-and-port-dependent';

/** A NAT in the terms of RFC 4787. */
export interface NatOptions {
  readonly mapping: Dependence;
  readonly filtering: Dependence;
  /** §4.2.1: the inside port if it is free, the next port, or any port. */
  readonly allocation: 'preserving' | 'sequential' | 'random';
  /** How far a sequential port lies from the one before. Default 1. */
  readonly step?: number;
  /** §6: whether inside hosts reach each other through the public address. Default false. */
  readonly hairpin?: boolean;
  /** §4.3: how long a mapping lives without outbound traffic. Default 2 minutes, the least allowed. */
  readonly timeout?: Millis;
  /** §4.3: whether inbound packets keep a mapping alive as well. Default false. */
  readonly inboundRefresh?: boolean;
  /** The public ports in use, both included. Default 1024 to 65535. */
  readonly ports?: { readonly first: number; readonly last: number };
  /**
   * Whether the router takes in itself what arrives for nobody, as Linux does without a firewall.
   * Flows from inside to that remote then need a port of their own. Default false.
   */
  readonly takesStrangersIn?: boolean;
  /** Sessions (mapping and remote) that fit the table; what would be one more is dropped. Default 65,536. */
  readonly sessions?: number;
}

const CONE = { mapping: 'endpoint-independent', allocation: 'preserving' } as const;

/** The classic kinds by their popular names (RFC 3489 §5). `none` is a host of its own address. */
export const NAT = {
  none: undefined,
  fullCone: { ...CONE, filtering: 'endpoint-independent' },
  addressRestricted: { ...CONE, filtering: 'address-dependent' },
  portRestricted: { ...CONE, filtering: 'address-and-port-dependent' },
  openRouter: { ...CONE, filtering: 'address-and-port-dependent', takesStrangersIn: true },
  symmetric: {
    mapping: 'address-and-port-dependent',
    filtering: 'address-and-port-dependent',
    allocation: 'random',
  },
} as const satisfies Record<string, NatOptions | undefined>;

const DEFAULT_TIMEOUT = millis(120_000);
const DEFAULT_PORTS = { first: 1024, last: 65_535 };
const DEFAULT_SESSIONS = 65_536;

/** The part of a remote endpoint that a behaviour looks at. */
type RemoteKey = Endpoint | string;

interface Mapping {
  readonly internal: Endpoint;
  readonly external: Endpoint;
  readonly key: RemoteKey;
  expires: Instant;
  /** Whom packets went out to, and until when an answer may come in. */
  readonly permissions: Map<RemoteKey, Instant>;
}

/** The translation table of a NAT with one public address. Knows nothing of links and packets. */
export class Nat {
  readonly address: string;
  readonly options: NatOptions;
  readonly #endpoints: EndpointTable;
  readonly #random: SeededRandom;
  readonly #timeout: Millis;
  readonly #ports: { readonly first: number; readonly last: number };
  readonly #byInternal = new Map<Endpoint, Map<RemoteKey, Mapping>>();
  readonly #byPort = new Map<number, Mapping>();
  /** What has arrived uninvited: the port, and from whom. */
  readonly #strangers = new Map<Endpoint, number>();
  #retired = new Set<number>();
  #sessions = 0;
  #nextPort: number;

  constructor(
    address: string,
    options: NatOptions,
    endpoints: EndpointTable,
    random: SeededRandom,
  ) {
    this.address = address;
    this.options = options;
    this.#endpoints = endpoints;
    this.#random = random;
    this.#timeout = options.timeout ?? DEFAULT_TIMEOUT;
    this.#ports = options.ports ?? DEFAULT_PORTS;
    this.#nextPort = this.#randomPort();
  }

  /** Mappings in the table, those included that have expired unnoticed. */
  get size(): number {
    return this.#byPort.size;
  }

  /** The public source of a packet that leaves, or `undefined` if the table is full. */
  outbound(internal: Endpoint, remote: Endpoint, now: Instant): Endpoint | undefined {
    const mapping = this.#mappingFor(internal, remote, now);
    if (mapping === undefined || !this.#permit(mapping, remote, now)) return undefined;
    mapping.expires = after(now, this.#timeout);
    return mapping.external;
  }

  /** The inside destination of a packet from outside, or `undefined` if it is refused. */
  inbound(port: number, remote: Endpoint, now: Instant): Endpoint | undefined {
    const mapping = this.#live(this.#byPort.get(port), now);
    if (mapping === undefined) return undefined;
    const { filtering, inboundRefresh } = this.options;
    const key = remoteKey(filtering, remote);
    const permittedUntil = mapping.permissions.get(key);
    const isPermitted = permittedUntil !== undefined && permittedUntil > now;
    if (filtering !== 'endpoint-independent' && !isPermitted) {
      if (this.options.takesStrangersIn) this.#strangers.set(remote, port);
      return undefined;
    }
    if (inboundRefresh === true) {
      mapping.expires = after(now, this.#timeout);
      if (isPermitted) mapping.permissions.set(key, mapping.expires);
    }
    return mapping.internal;
  }

  /** Forgets every mapping, as after a reboot. The ports in use until now do not come again at once. */
  rebind(): void {
    this.#retired = new Set(this.#byPort.keys());
    this.#byInternal.clear();
    this.#byPort.clear();
    this.#sessions = 0;
  }

  #mappingFor(internal: Endpoint, remote: Endpoint, now: Instant): Mapping | undefined {
    const usual = remoteKey(this.options.mapping, remote);
    const known = this.#find(internal, usual, now);
    // The flow of a stranger and ours would be the same to the router: ours gets another port.
    const isTaken = known !== undefined && this.#strangers.get(remote) === known.external.port;
    const key = isTaken ? remote : usual;
    return this.#find(internal, key, now) ?? this.#create(internal, key, now);
  }

  #find(internal: Endpoint, key: RemoteKey, now: Instant): Mapping | undefined {
    return this.#live(this.#byInternal.get(internal)?.get(key), now);
  }

  #live(mapping: Mapping | undefined, now: Instant): Mapping | undefined {
    if (mapping === undefined || mapping.expires > now) return mapping;
    this.#remove(mapping);
    return undefined;
  }

  #create(internal: Endpoint, key: RemoteKey, now: Instant): Mapping | undefined {
    const port = this.#allocate(internal.port, now);
    if (port === undefined) return undefined;
    const mapping: Mapping = {
      internal,
      external: this.#endpoints.at(this.address, port),
      key,
      expires: after(now, this.#timeout),
      permissions: new Map(),
    };
    const siblings = this.#byInternal.get(internal) ?? new Map<RemoteKey, Mapping>();
    this.#byInternal.set(internal, siblings.set(key, mapping));
    this.#byPort.set(port, mapping);
    return mapping;
  }

  #permit(mapping: Mapping, remote: Endpoint, now: Instant): boolean {
    const key = remoteKey(this.options.filtering, remote);
    const limit = this.options.sessions ?? DEFAULT_SESSIONS;
    if (!mapping.permissions.has(key)) {
      if (this.#sessions >= limit) this.#sweep(now);
      if (this.#sessions >= limit) return this.#giveUp(mapping);
      this.#sessions += 1;
    }
    mapping.permissions.set(key, after(now, this.#timeout));
    return true;
  }

  // A mapping without a session would be one beyond the limit.
  #giveUp(mapping: Mapping): false {
    if (mapping.permissions.size === 0) this.#remove(mapping);
    return false;
  }

  #remove(mapping: Mapping): void {
    const siblings = this.#byInternal.get(mapping.internal);
    siblings?.delete(mapping.key);
    if (siblings?.size === 0) this.#byInternal.delete(mapping.internal);
    this.#byPort.delete(mapping.external.port);
    this.#sessions -= mapping.permissions.size;
  }

  #sweep(now: Instant): void {
    for (const mapping of this.#byPort.values()) {
      if (this.#live(mapping, now) === undefined) continue;
      for (const [key, until] of mapping.permissions) {
        if (until > now) continue;
        mapping.permissions.delete(key);
        this.#sessions -= 1;
      }
    }
  }

  #allocate(preferred: number, now: Instant): number | undefined {
    const start = this.#firstChoice(preferred, now);
    const port = this.#firstFree(start, now);
    if (port !== undefined || this.#retired.size === 0) return this.#taken(port);
    this.#retired.clear();
    return this.#taken(this.#firstFree(start, now));
  }

  #taken(port: number | undefined): number | undefined {
    if (port !== undefined) this.#nextPort = this.#following(port, this.options.step);
    return port;
  }

  // A NAT whose favourite port is taken draws one: as Linux does, and harder to predict than the next.
  #firstChoice(preferred: number, now: Instant): number {
    const { first, last } = this.#ports;
    const { allocation } = this.options;
    if (allocation === 'sequential') return this.#nextPort;
    const isInRange = first <= preferred && preferred <= last;
    const isPreserved = allocation === 'preserving' && isInRange && this.#isFree(preferred, now);
    return isPreserved ? preferred : this.#randomPort();
  }

  #firstFree(start: number, now: Instant): number | undefined {
    let port = start;
    do {
      if (this.#isFree(port, now)) return port;
      port = this.#following(port);
    } while (port !== start);
    return undefined;
  }

  #isFree(port: number, now: Instant): boolean {
    return this.#live(this.#byPort.get(port), now) === undefined && !this.#retired.has(port);
  }

  #following(port: number, step = 1): number {
    return port + step > this.#ports.last ? this.#ports.first : port + step;
  }

  #randomPort(): number {
    return this.#ports.first + this.#random.integer(this.#ports.last - this.#ports.first + 1);
  }
}

function remoteKey(dependence: Dependence, remote: Endpoint): RemoteKey {
  if (dependence === 'endpoint-independent') return '';
  return dependence === 'address-dependent' ? remote.address : remote;
}
