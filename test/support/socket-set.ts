import type { Transmit } from '../../src/protocol/machine.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import type { Packet } from './packet.ts';
import type { World } from './world.ts';

/** A UDP socket that a driver sends through. */
export interface Socket {
  readonly name: string;
  readonly family: 4 | 6;
  /** `ttl` is given for packets that are to die on their way. */
  send(payload: Uint8Array, to: Endpoint, ttl: number | undefined): void;
  close(): void;
}

/** A further socket, and the endpoints that it was reached from, each with its base. */
interface Base {
  readonly socket: Socket;
  readonly remotes: Map<Endpoint, Endpoint>;
}

/** What no driver sends: each is a broken machine. */
export const limits = {
  /** Datagrams in one GSO send: Linux takes no more (UDP_MAX_SEGMENTS). */
  segments: 64,
  /** Bytes in one send: below the 65,507 that one IPv4 datagram may carry. */
  transmitBytes: 65_000,
} as const;

/** The sockets of one driver: at most one of each family, and further ones by the number of their base. */
export class SocketSet {
  readonly #world: World;
  readonly #name: string;
  readonly #families = new Map<Socket['family'], Socket>();
  readonly #bases = new Map<number, Base>();

  constructor(world: World, first: Socket) {
    this.#world = world;
    this.#name = first.name;
    this.#families.set(first.family, first);
  }

  /** From now on `socket` carries what is of its family. */
  attach(socket: Socket): void {
    this.#families.set(socket.family, socket);
  }

  /** The computer has no address any more. */
  detachAll(): void {
    this.close();
    this.#families.clear();
    this.#bases.clear();
  }

  /** Lets `socket` carry what is for remotes of this base. */
  addBase(base: number, socket: Socket): void {
    this.#bases.set(base, { socket, remotes: new Map() });
  }

  removeBase(base: number): void {
    this.#bases.get(base)?.socket.close();
    this.#bases.delete(base);
  }

  close(): void {
    for (const socket of this.#families.values()) socket.close();
    for (const { socket } of this.#bases.values()) socket.close();
  }

  /** The packet as it came by the socket of `base`. One object for each remote, as elsewhere. */
  stamped(packet: Packet, base: number | undefined): Packet {
    if (base === undefined) return packet;
    const remotes = this.#bases.get(base)?.remotes;
    const from = remotes?.get(packet.from) ?? { ...packet.from, base };
    remotes?.set(packet.from, from);
    return { ...packet, from };
  }

  send({ remote, payload, segmentSize, ttl, release }: Transmit): void {
    const { base, address } = remote;
    const family = this.#families.get(familyOf(address));
    const socket = base === undefined ? family : this.#bases.get(base)?.socket;
    checkTransmit(payload.length, segmentSize, this.#name);
    const to = this.#world.endpoints.intern(remote);
    const copy = this.#world.memory.copy(payload);
    release?.();
    if (copy.length <= segmentSize) {
      socket?.send(copy, to, ttl);
      return;
    }
    for (let start = 0; start < copy.length; start += segmentSize) {
      socket?.send(copy.subarray(start, start + segmentSize), to, ttl);
    }
  }
}

export function familyOf(address: string): Socket['family'] {
  return address.includes(':') ? 6 : 4;
}

function checkTransmit(bytes: number, segmentSize: number, name: string): void {
  const isWhole = Number.isInteger(segmentSize) && segmentSize > 0 && bytes > 0;
  const fits = bytes <= limits.transmitBytes && bytes <= segmentSize * limits.segments;
  if (isWhole && fits) return;
  throw new Error(`unreachable: ${name} sends ${bytes} bytes in segments of ${segmentSize}`);
}
