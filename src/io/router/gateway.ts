import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { isInPrefix } from '../../protocol/path/address-class.ts';
import { addressText } from '../../protocol/wire/endpoint.ts';
import type { LocalAddress } from '../network/network-interfaces.ts';

/** The router of a network of ours, and our address there. Both IPv4. */
export interface Gateway {
  readonly address: string;
  readonly local: string;
}

/** The router by which IPv4 leaves this machine; `undefined` when that cannot be found out. */
export async function findGateway(
  interfaces: readonly LocalAddress[],
): Promise<Gateway | undefined> {
  const finding = process.platform === 'linux' ? linuxGateway() : otherGateway();
  const address = await finding.catch(() => undefined);
  if (address === undefined) return undefined;
  const own = interfaces.find((one) => one.family === 'udp4' && isInPrefix(address, one));
  return own === undefined ? undefined : { address, local: own.address };
}

// Straight from the kernel: the library needs `ip`, which few containers have, and as long to load
// as all of us.
async function linuxGateway(): Promise<string | undefined> {
  return readRouteTable(await readFile('/proc/net/route', 'utf8'));
}

async function otherGateway(): Promise<string | undefined> {
  const { gateway4async } = await import('default-gateway');
  return (await gateway4async()).gateway ?? undefined;
}

/** The gateway of the default route of the least metric, out of `/proc/net/route` (proc(5)). */
export function readRouteTable(table: string): string | undefined {
  const routes = table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, destination, gateway, , , , , mask]) => {
      return destination === NOWHERE && mask === NOWHERE && gateway !== NOWHERE;
    })
    .sort((a, b) => Number(a[METRIC]) - Number(b[METRIC]));
  const gateway = routes[0]?.[2];
  if (gateway === undefined || !/^[0-9A-F]{8}$/i.test(gateway)) return undefined;
  // A number in the order of this machine, of what lies in memory in network order.
  return addressText(inNetworkOrder(Buffer.from(gateway, 'hex')));
}

function inNetworkOrder(number: Buffer): Uint8Array {
  return Uint8Array.from(endianness() === 'LE' ? number.reverse() : number);
}

const NOWHERE = '00000000';
const METRIC = 6;
