import { openUdpSocket, type UdpSocket } from '../io/network/udp-socket.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { type Endpoint, formatEndpoint } from '../protocol/wire/endpoint.ts';
import { ANY_ADDRESS } from './listen-address.ts';

/** A UDP socket of the server. */
export interface UdpListener {
  readonly socket: UdpSocket;
  /** Where it listens; the first of its family has no base. */
  readonly endpoint: Endpoint;
  /** Clients are told to come to a named one; an alternate shows them what their NATs do. */
  readonly role: 'named' | 'alternate';
}

/**
 * Opens each address and, beside each, an alternate at the next port, or at any free one. Rejects
 * when an address cannot be had; an alternate that cannot is left out.
 */
export async function openUdpListeners(addresses: readonly Endpoint[]): Promise<UdpListener[]> {
  const named: UdpSocket[] = [];
  const alternates: UdpSocket[] = [];
  try {
    for (const address of addresses) named.push(...(await openNamed(address)));
    // Not before all named ones are there, whose port one of them might take.
    for (const { address } of named) alternates.push(...(await openAlternate(address)));
  } catch (error) {
    await Promise.all([...named, ...alternates].map((socket) => socket.close()));
    throw error;
  }
  return [
    ...named.map((socket) => ({ socket, role: 'named' as const })),
    ...alternates.map((socket) => ({ socket, role: 'alternate' as const })),
  ].map((listener, index, all) => ({
    ...listener,
    endpoint: all.slice(0, index).some(({ socket }) => socket.family === listener.socket.family)
      ? { ...listener.socket.address, base: index }
      : listener.socket.address,
  }));
}

/** `::` means both families on one port; a machine without IPv6 then serves IPv4 alone. */
async function openNamed({ address, port }: Endpoint): Promise<UdpSocket[]> {
  try {
    if (address !== ANY_ADDRESS) return [await open(address, port)];
    const ipv4 = await open('0.0.0.0', port);
    const ipv6 = await open(ANY_ADDRESS, ipv4.address.port).catch(() => undefined);
    return ipv6 === undefined ? [ipv4] : [ipv4, ipv6];
  } catch (cause) {
    const where = formatEndpoint({ address, port });
    throw new P2PShareError('P2P_LOCAL_IO', `cannot listen on ${where}`, { cause });
  }
}

async function openAlternate({ address, port }: Endpoint): Promise<UdpSocket[]> {
  for (const wanted of port < HIGHEST_PORT ? [port + 1, 0] : [0]) {
    const socket = await open(address, wanted).catch(() => undefined);
    if (socket !== undefined) return [socket];
  }
  return [];
}

function open(address: string, port: number): Promise<UdpSocket> {
  return openUdpSocket({ family: address.includes(':') ? 'udp6' : 'udp4', address, port });
}

const HIGHEST_PORT = 65_535;
