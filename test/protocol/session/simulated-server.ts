import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import {
  RendezvousServer,
  type RendezvousServerOptions,
} from '../../../src/protocol/rendezvous/rendezvous-server.ts';
import type { ServerEvent } from '../../../src/protocol/rendezvous/server-event.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import type { Driver } from '../../support/driver.ts';
import type { Host } from '../../support/host.ts';
import type { Simulation } from '../../support/simulator.ts';

const PORT = 9420;

/** A server with what a test may look at. */
export interface SimulatedServer {
  readonly endpoint: Endpoint;
  readonly machine: RendezvousServer;
  readonly events: ServerEvent[];
  readonly driver: Driver<ServerEvent>;
}

/** The server of the simulation: an ordinary `RendezvousServer` on a host. */
export function runServer(sim: Simulation, host: Host): Endpoint {
  return startServer(sim, host).endpoint;
}

/** As `runServer`. One that is started after another was stopped takes another name. */
export function startServer(
  sim: Simulation,
  host: Host,
  name = 'server',
  options: Pick<RendezvousServerOptions, 'relayLimits' | 'limits'> = {},
): SimulatedServer {
  const random = sim.random.fork(name);
  const listeners = [host.endpoint(PORT), { ...host.endpoint(PORT + 1), base: 1 }];
  const machine = new RendezvousServer(
    { crypto: createCrypto(random), random, allowPrivateRelay: true, listeners, ...options },
    sim.now,
  );
  const events: ServerEvent[] = [];
  const driver = host.run(machine, { port: PORT, onEvent: (event) => void events.push(event) });
  host.addBase(driver, 1, PORT + 1);
  return { endpoint: host.endpoint(PORT), machine, events, driver };
}
