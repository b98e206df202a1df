import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';

/**
 * One object for each endpoint of a simulation, so that tables are keyed by identity and no string
 * is built per packet.
 */
export class EndpointTable {
  readonly #addresses = new Map<string, Map<number, Endpoint>>();

  /** The one object that stands for this address and port. */
  at(address: string, port: number): Endpoint {
    let ports = this.#addresses.get(address);
    if (ports === undefined) {
      ports = new Map();
      this.#addresses.set(address, ports);
    }
    return ports.get(port) ?? add(ports, Object.freeze({ address, port }));
  }

  /** The one object that is equal to `endpoint`. */
  intern(endpoint: Endpoint): Endpoint {
    return this.at(endpoint.address, endpoint.port);
  }
}

function add(ports: Map<number, Endpoint>, endpoint: Endpoint): Endpoint {
  ports.set(endpoint.port, endpoint);
  return endpoint;
}
