import { isIP } from 'node:net';
import { endianness } from 'node:os';
import { addressBytes, addressText, type Endpoint } from '../../protocol/wire/endpoint.ts';
import { OWN_INTERFACES } from './interface-list.ts';

/** Room for a `struct sockaddr_in` or `sockaddr_in6`. */
export const SOCKET_ADDRESS_BYTES = 28;
const IPV4_BYTES = 16;

/** Address families of Linux. */
export const AF = { udp4: 2, udp6: 10 };

/** `struct sockaddr_in` or `sockaddr_in6` of a numeric address without a zone. */
export function socketAddress(family: 'udp4' | 'udp6', address: string, port: number): Uint8Array {
  const bytes = new Uint8Array(family === 'udp4' ? IPV4_BYTES : SOCKET_ADDRESS_BYTES);
  const view = new DataView(bytes.buffer);
  // The family is in host order, the rest in network order.
  view.setUint16(0, AF[family], endianness() === 'LE');
  view.setUint16(2, port);
  bytes.set(addressBytes(address), family === 'udp4' ? 4 : 8);
  return bytes;
}

/** Different remotes that are remembered: a busy relay has 2 for each of its sessions. */
const MAX_KNOWN = 1024;

interface Known {
  readonly bytes: Uint8Array;
  readonly endpoint: Endpoint;
}

/**
 * Turns endpoints into the system's addresses and back, each once: a packet comes from somebody who
 * has sent before.
 */
export class SocketAddresses {
  readonly #family: 'udp4' | 'udp6';
  readonly #byHash = new Map<number, Known>();
  #lastSent: Known | undefined;

  constructor(family: 'udp4' | 'udp6') {
    this.#family = family;
  }

  /** `undefined` for an address with a zone, of the other family, or without a port. */
  bytesOf(endpoint: Endpoint): Uint8Array | undefined {
    const { address, port } = endpoint;
    const last = this.#lastSent;
    if (last?.endpoint === endpoint) return last.bytes;
    if (last?.endpoint.address === address && last.endpoint.port === port) return last.bytes;
    const isOurs = isIP(address) === (this.#family === 'udp4' ? 4 : 6);
    if (!isOurs || port === 0 || address.includes('%')) return undefined;
    const bytes = socketAddress(this.#family, address, port);
    this.#lastSent = { bytes, endpoint };
    return bytes;
  }

  /** The endpoint of a `struct sockaddr_in` or `sockaddr_in6`: the same object for the same bytes. */
  endpointOf(bytes: Uint8Array): Endpoint {
    const length = this.#family === 'udp4' ? IPV4_BYTES / 2 : SOCKET_ADDRESS_BYTES;
    let hash = 0;
    for (let i = 2; i < length; i += 1) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
    const known = this.#byHash.get(hash);
    if (known !== undefined && startsWith(bytes, known.bytes)) return known.endpoint;
    const address =
      this.#family === 'udp4'
        ? addressText(bytes.subarray(4, 8))
        : addressText(bytes.subarray(8, 24)) + zoneOf(bytes);
    const endpoint = { address, port: ((bytes[2] as number) << 8) | (bytes[3] as number) };
    if (this.#byHash.size >= MAX_KNOWN) this.#byHash.clear();
    this.#byHash.set(hash, { bytes: bytes.slice(0, length), endpoint });
    return endpoint;
  }
}

/** `%eth0` behind an address that means something on one interface only (RFC 4007 §11). */
function zoneOf(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const scope = view.getUint32(24, endianness() === 'LE');
  if (scope === 0) return '';
  const interfaces = Object.entries(OWN_INTERFACES.now());
  const found = interfaces.find(([, addresses = []]) =>
    addresses.some((each) => each.family === 'IPv6' && each.scopeid === scope),
  );
  return `%${found?.[0] ?? scope}`;
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  for (let i = 2; i < start.length; i += 1) if (bytes[i] !== start[i]) return false;
  return true;
}
