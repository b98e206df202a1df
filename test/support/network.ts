import { type Instant, millis } from '../../src/protocol/time.ts';
import { Host } from './host.ts';
import type { Link } from './link.ts';
import type { LinePair, LinkOptions } from './link-options.ts';
import { Nat, type NatOptions } from './nat.ts';
import { NatRouter } from './nat-router.ts';
import type { Packet, Sink } from './packet.ts';
import { isPrivate } from './private-address.ts';
import type { World } from './world.ts';

/** Lines whose properties a test leaves out: through the internet 20 ms there and back, in a house 0.4. */
const INTERNET_LINE: LinkOptions = { delay: millis(5) };
const LOCAL_LINE: LinkOptions = { delay: millis(0.1) };

/** A network that knows its nodes by address. What is for nobody in it goes to `beyond`. */
abstract class Network implements Sink {
  readonly name: string;
  protected readonly world: World;
  readonly #nodes = new Map<string, Link>();
  readonly #standard: LinkOptions;

  protected constructor(world: World, name: string, standard: LinkOptions) {
    this.world = world;
    this.name = name;
    this.#standard = standard;
  }

  protected abstract beyond(packet: Packet, now: Instant): void;

  /** Adds a host with this address. */
  host(address: string, line: LinePair = {}): Host {
    const name = `${this.name}/${address}`;
    const options = { ...line, standard: this.#standard };
    const host = new Host(this.world, name, address, this, options);
    this.#attach(address, host.line.down);
    return host;
  }

  /** Adds a NAT with this address on our side, and yields the private network behind it. */
  nat(address: string, nat: NatOptions, line: LinePair = {}): PrivateNetwork {
    const options = { ...line, standard: this.#standard };
    const inside = new PrivateNetwork(this.world, this, address, nat, options);
    this.#attach(address, inside.router.line.down);
    return inside;
  }

  /** Routes a packet that a node has sent. */
  accept(packet: Packet, now: Instant): void {
    const link = this.#nodes.get(packet.to.address);
    if (link === undefined) this.beyond(packet, now);
    else link.send(packet, now);
  }

  #attach(address: string, link: Link): void {
    if (this.#nodes.has(address)) throw new Error(`${address} is taken in ${this.name}`);
    this.#nodes.set(address, link);
  }
}

/** What stands behind a NAT: hosts, and perhaps further NATs. */
export class PrivateNetwork extends Network {
  readonly router: NatRouter;

  constructor(
    world: World,
    outside: Network,
    address: string,
    options: NatOptions,
    line: LinePair & { readonly standard: LinkOptions },
  ) {
    const name = `${outside.name}/${address}`;
    super(world, name, LOCAL_LINE);
    const nat = new Nat(address, options, world.endpoints, world.random.fork(`${name} nat`));
    this.router = new NatRouter(world, name, nat, { inside: this, outside }, line);
  }

  /** Drops all mappings of the NAT: what is sent next gets new ports. */
  rebind(): void {
    this.router.nat.rebind();
  }

  protected override beyond(packet: Packet, now: Instant): void {
    this.router.leave(packet, now);
  }
}

/** A datagram on the public internet, as a tap sees it. The payload must not be changed in place. */
export interface TappedPacket extends Packet {
  readonly now: Instant;
}

/** What becomes of a tapped datagram: it may go on, vanish, or go on with other payloads. */
export type TapVerdict = 'pass' | 'drop' | Uint8Array | readonly Uint8Array[];

export type Tap = (packet: TappedPacket) => TapVerdict;

/** The network of public addresses, and the adversary's place. */
export class Internet extends Network {
  readonly #taps: Tap[] = [];
  readonly counters = { routed: 0, unroutable: 0, expired: 0 };

  constructor(world: World) {
    super(world, 'internet', INTERNET_LINE);
  }

  override host(address: string, line?: LinePair): Host {
    return super.host(publicAddress(address), line);
  }

  override nat(address: string, nat: NatOptions, line?: LinePair): PrivateNetwork {
    return super.nat(publicAddress(address), nat, line);
  }

  /** Shows every datagram to `tap`. Several taps see what the earlier ones let pass. */
  tap(tap: Tap): void {
    this.#taps.push(tap);
  }

  override accept(packet: Packet, now: Instant): void {
    if (packet.isShortLived) this.counters.expired += 1;
    else if (this.#taps.length === 0) this.inject(packet, now);
    else this.#pass(packet, now, 0);
  }

  /** Routes a datagram, with any source, past the taps. */
  inject(packet: Packet, now: Instant): void {
    this.counters.routed += 1;
    super.accept(packet, now);
  }

  protected override beyond(): void {
    this.counters.unroutable += 1;
  }

  #pass(packet: Packet, now: Instant, index: number): void {
    const tap = this.#taps[index];
    if (tap === undefined) {
      this.inject(packet, now);
      return;
    }
    for (const passed of judged(packet, tap({ ...packet, now }))) {
      this.#pass(passed, now, index + 1);
    }
  }
}

function judged(packet: Packet, verdict: TapVerdict): readonly Packet[] {
  if (verdict === 'pass') return [packet];
  if (verdict === 'drop') return [];
  const payloads = verdict instanceof Uint8Array ? [verdict] : verdict;
  const { from, to } = packet;
  return payloads.map((payload) => ({ from, to, payload: new Uint8Array(payload) }));
}

function publicAddress(address: string): string {
  if (isPrivate(address)) throw new Error(`${address} is not routable on the internet`);
  return address;
}
