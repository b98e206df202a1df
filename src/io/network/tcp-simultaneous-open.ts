import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint } from '../../protocol/wire/endpoint.ts';
import { TcpChannel } from './tcp-channel.ts';

export interface SimultaneousOpen {
  /** The port that the NAT knows, because a connection to a server leaves by it. */
  readonly localPort: number;
  /** Where the other side's connection to the server comes from, and whom packets are said to be of. */
  readonly remote: Endpoint;
  readonly signal: AbortSignal;
}

/**
 * Connects to a peer that connects to us at the same time (RFC 9293 §3.5, RFC 5382 §4.2): each SYN
 * opens the sender's NAT for the other's. Tries again until it works or `signal` is aborted, and
 * rejects then. What is refused was too early: the other side's NAT was not open yet.
 */
export async function openSimultaneously(open: SimultaneousOpen): Promise<TcpChannel> {
  const { signal } = open;
  for (;;) {
    const channel = await tryOnce(open);
    if (channel !== undefined) return channel;
    await delay(pauseMs(), undefined, { signal });
  }
}

/**
 * Where both routers refuse what they do not expect, the two SYNs must pass each other on the way: in
 * 5 s there are then 5000 · RTT / pause² chances, or six for a round trip of 1 ms. Never the same, or
 * two that are out of step would stay so.
 */
function pauseMs(): number {
  return 15 + 30 * Math.random();
}

async function tryOnce({
  localPort,
  remote,
  signal,
}: SimultaneousOpen): Promise<TcpChannel | undefined> {
  signal.throwIfAborted();
  const { address: host, port } = remote;
  const localAddress = host.includes(':') ? '::' : '0.0.0.0';
  const socket = connect({ host, port, localAddress, localPort });
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect', { signal });
    const local = { address: socket.localAddress ?? localAddress, port: localPort };
    return new TcpChannel(socket, { remote, local });
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw error;
    return undefined;
  }
}
