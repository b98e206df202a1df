import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** Addresses by the name of their interface, as `os.networkInterfaces` has them. */
export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/** Of a family: the address from which packets leave for the internet, if there is a way there. */
export type Departure = (family: 'udp4' | 'udp6') => Promise<string | undefined>;

/**
 * The interfaces of this machine. Not every system lists them: Android does not for all apps, and a
 * sandbox without netlink sockets (`RestrictAddressFamilies` of systemd) for nobody. What is known then
 * are the loopback addresses and those from which packets leave, each in a subnet of the usual size.
 */
export class InterfaceList {
  readonly #list: () => Interfaces;
  readonly #departure: Departure;
  #guess: Interfaces = LOOPBACK;
  #asking: Promise<void> | undefined;

  constructor(list: () => Interfaces = networkInterfaces, departure: Departure = departureAddress) {
    this.#list = list;
    this.#departure = departure;
  }

  /** As far as they are known; where they are not listed, as they were when somebody last asked. */
  now(): Interfaces {
    const listed = this.#listed();
    if (listed === undefined) void this.known();
    return listed ?? this.#guess;
  }

  /** Resolves when `now` has all that there is to know. */
  async known(): Promise<void> {
    if (this.#listed() !== undefined) return;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
  }

  #listed(): Interfaces | undefined {
    try {
      return this.#list();
    } catch {
      return undefined;
    }
  }

  async #ask(): Promise<void> {
    const [ipv4, ipv6] = await Promise.all([this.#departure('udp4'), this.#departure('udp6')]);
    const departing = [
      ...(ipv4 === undefined ? [] : [{ ...IPV4, address: ipv4, cidr: `${ipv4}/24` }]),
      ...(ipv6 === undefined ? [] : [{ ...IPV6, address: ipv6, cidr: `${ipv6}/64` }]),
    ];
    this.#guess = { ...LOOPBACK, departing };
  }
}

const IPV4 = { family: 'IPv4', netmask: '255.255.255.0', mac: '', internal: false } as const;
const IPV6 = {
  family: 'IPv6',
  netmask: 'ffff:ffff:ffff:ffff::',
  mac: '',
  internal: false,
  scopeid: 0,
} as const;
const LOOPBACK: Interfaces = {
  loopback: [
    { ...IPV4, address: '127.0.0.1', netmask: '255.0.0.0', cidr: '127.0.0.1/8', internal: true },
  ],
};

/** Addresses for documentation (RFC 5737, RFC 3849), and the port of discard (RFC 863). */
const FAR = { udp4: '192.0.2.1', udp6: '2001:db8::1' } as const;
const DISCARD = 9;

/**
 * By connecting a UDP socket to `far`, which sends nothing: the system has to choose the address for it.
 * `undefined` where there is no way there.
 */
export async function departureAddress(
  family: 'udp4' | 'udp6',
  far: string = FAR[family],
): Promise<string | undefined> {
  const socket = createSocket(family);
  try {
    socket.connect(DISCARD, far);
    await once(socket, 'connect');
    return socket.address().address;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

export const OWN_INTERFACES: InterfaceList = new InterfaceList();
