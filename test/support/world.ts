import type { EndpointTable } from './endpoint-table.ts';
import type { EventQueue } from './event-queue.ts';
import type { Fingerprint } from './fingerprint.ts';
import { Link } from './link.ts';
import type { LinePair, LinkOptions } from './link-options.ts';
import type { Sink } from './packet.ts';
import type { PacketMemory } from './packet-memory.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What all nodes of one simulation share. */
export interface World {
  readonly seed: number;
  readonly queue: EventQueue;
  readonly endpoints: EndpointTable;
  readonly random: SeededRandom;
  readonly fingerprint: Fingerprint;
  readonly memory: PacketMemory;
}

/** The two directions of the line between a node and its network. */
export interface Line {
  readonly up: Link;
  readonly down: Link;
}

/**
 * Connects `node` to `network`. The name, unique in the simulation, decides the fate of the packets
 * together with the seed.
 */
export function connect(
  world: World,
  name: string,
  ends: { readonly node: Sink; readonly network: Sink },
  options: LinePair & { readonly standard: LinkOptions },
): Line {
  const { queue, random } = world;
  const { up = options.standard, down = options.standard } = options;
  return {
    up: new Link(queue, ends.network, up, random.fork(`${name} up`)),
    down: new Link(queue, ends.node, down, random.fork(`${name} down`)),
  };
}
