import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import {
  RendezvousGuest,
  type RendezvousGuestOptions,
} from '../../../src/protocol/rendezvous/rendezvous-guest.ts';
import {
  RendezvousHost,
  type RendezvousHostOptions,
} from '../../../src/protocol/rendezvous/rendezvous-host.ts';
import {
  RendezvousServer,
  type RendezvousServerOptions,
} from '../../../src/protocol/rendezvous/rendezvous-server.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import type { Network } from './network.ts';

export const crypto = createCrypto(new SeededRandom(7));
export const SERVER: Endpoint = { address: '198.51.100.9', port: 9420 };
export const HOST: Endpoint = { address: '203.0.113.1', port: 5001 };
export const GUEST: Endpoint = { address: '203.0.113.2', port: 5002 };
export const HELLO: Uint8Array = new Uint8Array(Buffer.from('hello of the sender'));

export function bytes(length: number, fill: number): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

export function startServer(net: Network, options: Partial<RendezvousServerOptions> = {}) {
  const random = net.random.fork(`server ${net.now}`);
  const machine = new RendezvousServer(
    { crypto, random, allowPrivateRelay: true, ...options },
    net.now,
  );
  return { machine, events: net.attach(SERVER, machine) };
}

export function startHost(net: Network, options: Partial<RendezvousHostOptions> = {}, at = HOST) {
  const random = net.random.fork(`host ${at.port}`);
  const machine = new RendezvousHost({ server: SERVER, hello: HELLO, random, ...options }, net.now);
  return { machine, events: net.attach(at, machine) };
}

export function startGuest(
  net: Network,
  nameplate: number,
  claimId = bytes(16, 1),
  at = GUEST,
  options: Partial<RendezvousGuestOptions> = {},
) {
  const random = net.random.fork(`guest ${at.address} ${at.port}`);
  const parts = { server: SERVER, nameplate, claimId, random, ...options };
  const machine = new RendezvousGuest(parts, net.now);
  return { machine, events: net.attach(at, machine) };
}

/** A registered host on a fresh network with its server. */
export function startRegistered(net: Network, options: Partial<RendezvousServerOptions> = {}) {
  const server = startServer(net, options);
  const host = startHost(net);
  net.run(60_000, () => host.events.length > 0);
  const [first] = host.events;
  if (first?.kind !== 'registered') throw new Error('not registered');
  return { server, host, nameplate: first.nameplate };
}
