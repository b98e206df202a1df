import { type LocalAddress, localCandidateAddresses } from '../../io/network/network-interfaces.ts';
import type { StreamChannel } from '../../io/network/stream-channel.ts';
import type { TcpChannel } from '../../io/network/tcp-channel.ts';
import { openSimultaneously } from '../../io/network/tcp-simultaneous-open.ts';
import { openUdpSocket, type UdpSocket } from '../../io/network/udp-socket.ts';
import type { WebSocketChannel } from '../../io/network/websocket-channel.ts';
import type { WebSocketDial } from '../../io/network/websocket-dial.ts';
import type { Endpoint } from '../../protocol/wire/endpoint.ts';

/** The sockets of a session, one for each address family that this machine has, and connections. */
export class Endpoints {
  readonly sockets: readonly UdpSocket[];
  readonly interfaces: readonly LocalAddress[];
  /** Sockets opened for a while, by their number. */
  readonly #bases = new Map<number, UdpSocket>();
  readonly #streams = new Map<number, StreamChannel>();
  readonly #closing = new AbortController();

  constructor(sockets: readonly UdpSocket[], interfaces: readonly LocalAddress[]) {
    this.sockets = sockets;
    this.interfaces = interfaces;
  }

  /** Where our sockets can be reached inside our own networks: the host candidates. */
  get local(): Endpoint[] {
    return this.at(this.interfaces);
  }

  /** The endpoints of our sockets at these addresses. */
  at(addresses: readonly LocalAddress[]): Endpoint[] {
    return addresses.flatMap(({ address, family }) => {
      const socket = this.sockets.find((one) => one.family === family);
      return socket === undefined ? [] : [{ address, port: socket.address.port }];
    });
  }

  /** The socket that sends to this remote. */
  localFor(remote: Endpoint): Endpoint {
    const { base = 0 } = remote;
    const family = remote.address.includes(':') ? 'udp6' : 'udp4';
    const socket = this.#bases.get(base) ?? this.sockets.find((one) => one.family === family);
    return this.#streams.get(base)?.local ?? socket?.address ?? remote;
  }

  /** Opens a WebSocket under a number, and ends one that was there. Rejects when it cannot. */
  async openStream(number: number, dial: WebSocketDial): Promise<WebSocketChannel> {
    const { signal } = this.#closing;
    // Most sessions need none, and somebody waits for the code while it loads.
    const { dialWebSocket } = await import('../../io/network/websocket-dial.ts');
    const channel = await dialWebSocket({ ...dial, signal });
    return this.#keep(number, channel);
  }

  /**
   * Connects to a peer under a number, from the port of the stream `anchor`. Rejects when it cannot
   * within `timeoutMs`.
   */
  async connect(
    number: number,
    anchor: number,
    to: Endpoint,
    timeoutMs: number,
  ): Promise<TcpChannel> {
    const local = this.#streams.get(anchor)?.local;
    if (local === undefined) throw new Error('no connection to the server to start from');
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
    const remote = { ...to, base: number };
    return this.#keep(number, await openSimultaneously({ localPort: local.port, remote, signal }));
  }

  #keep<C extends StreamChannel>(number: number, channel: C): C {
    const before = this.#streams.get(number);
    before?.onClose(() => undefined);
    before?.terminate();
    this.#streams.set(number, channel);
    if (this.#closing.signal.aborted) channel.terminate();
    return channel;
  }

  /** Opens an IPv4 socket for each number, as far as the system allows. */
  async openBases(numbers: readonly number[]): Promise<ReadonlyMap<number, UdpSocket>> {
    const opened = new Map<number, UdpSocket>();
    for (const number of numbers) {
      // Without a descriptor left the rest would fail as well; fewer are better than none.
      const socket = await openUdpSocket({ family: 'udp4' }).catch(() => undefined);
      if (socket === undefined) break;
      if (this.#closing.signal.aborted) {
        await socket.close();
        break;
      }
      opened.set(number, socket);
      this.#bases.set(number, socket);
    }
    return opened;
  }

  async closeBases(numbers: readonly number[]): Promise<void> {
    const sockets = numbers.flatMap((number) => this.#bases.get(number) ?? []);
    for (const number of numbers) {
      this.#bases.delete(number);
      this.#streams.get(number)?.terminate();
      this.#streams.delete(number);
    }
    await Promise.all(sockets.map((socket) => socket.close()));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.closeBases([...this.#bases.keys()]);
    const channels = [...this.sockets, ...this.#streams.values()];
    await Promise.all(channels.map((channel) => channel.close()));
  }
}

/** No sockets, for a session that is to use connections only. */
export function noEndpoints(): Endpoints {
  return new Endpoints([], []);
}

/** Opens a socket of each family. Rejects with the system's error when there is no IPv4 either. */
export async function openEndpoints(): Promise<Endpoints> {
  const ipv4 = await openUdpSocket({ family: 'udp4' });
  // Many machines, and most containers, have no IPv6: that is no reason to fail.
  const ipv6 = await openUdpSocket({ family: 'udp6' }).catch(() => undefined);
  const sockets = ipv6 === undefined ? [ipv4] : [ipv4, ipv6];
  return new Endpoints(sockets, localCandidateAddresses());
}
