import type { Machine, Transmit } from '../machine.ts';
import { earliest, type Instant } from '../time.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import { MappingLease } from './mapping-lease.ts';
import type { MappingProtocol } from './mapping-protocol.ts';

export type GatewayEvent =
  /** The public port is another one than before, or there is none any more. */
  | { readonly kind: 'port'; readonly port: number | undefined }
  /** All protocols have been released, or have come to nothing. */
  | { readonly kind: 'over' };

/** Asks a gateway for a mapping by several protocols at once; one that is granted is enough. */
export class GatewayMapper implements Machine<GatewayEvent> {
  readonly #gateway: Endpoint;
  readonly #leases: readonly MappingLease[];
  readonly #events: GatewayEvent[] = [];
  #told: number | undefined;
  #isOver = false;

  /** `protocols`: the better first. `port`: ours, which would be welcome outside as well. */
  constructor(
    gateway: Endpoint,
    protocols: readonly MappingProtocol[],
    port: number,
    now: Instant,
  ) {
    this.#gateway = gateway;
    this.#leases = protocols.map((protocol) => new MappingLease(protocol, port, now));
  }

  /** By which protocols the gateway has granted what it now holds for us. */
  get granted(): MappingProtocol['name'][] {
    return this.#leases
      .filter(({ port }) => port !== undefined)
      .map(({ protocol }) => protocol.name);
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    // Nobody else may tell us of mappings (RFC 6886 §3.1, RFC 6887 §8.3).
    if (!sameEndpoint(remote, this.#gateway)) return;
    for (const lease of this.#leases) if (lease.handleDatagram(batch, now)) break;
    this.#tell();
  }

  handleTimeout(now: Instant): void {
    for (const lease of this.#leases) lease.handleTimeout(now);
    this.#tell();
  }

  /** Ends all mappings; `over` comes when that has been said. */
  release(now: Instant): void {
    for (const lease of this.#leases) lease.release(now);
    this.#tell();
  }

  pollTransmit(): Transmit | undefined {
    for (const lease of this.#leases) {
      const payload = lease.poll();
      if (payload !== undefined) {
        return { remote: this.#gateway, payload, segmentSize: payload.length };
      }
    }
    return undefined;
  }

  pollEvent(): GatewayEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    return earliest(...this.#leases.map((lease) => lease.pollTimeout()));
  }

  #tell(): void {
    const port = this.#leases.find((lease) => lease.port !== undefined)?.port;
    if (port !== this.#told) this.#events.push({ kind: 'port', port });
    this.#told = port;
    if (this.#isOver || !this.#leases.every(({ isOver }) => isOver)) return;
    this.#isOver = true;
    this.#events.push({ kind: 'over' });
  }
}
