import type { Candidate } from '../candidate.ts';
import { encodeCandidates } from '../path/candidate-codec.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import type { LocalInterface } from './meeting-point.ts';
import type { LocalNetworks, SessionOptions } from './session-options.ts';

/** Where we are in our own networks, and what of it the peer may know. */
export class OwnNetworks {
  readonly #isSecret: boolean;
  #networks: LocalNetworks;

  constructor(options: Pick<SessionOptions, 'policy'> & LocalNetworks) {
    this.#isSecret = options.policy === 'relay';
    this.#networks = options;
  }

  get interfaces(): readonly LocalInterface[] {
    return this.#networks.interfaces;
  }

  /** The plaintext of our sealed box. */
  get box(): Uint8Array {
    return encodeCandidates(this.#shown);
  }

  get candidates(): Candidate[] {
    return this.#shown.map((endpoint) => ({ kind: 'host', endpoint }));
  }

  /** Addresses have come or gone; yields whether any has gone, and the network behind it. */
  change(networks: LocalNetworks): boolean {
    const before = this.#networks.localEndpoints;
    this.#networks = networks;
    const isThere = (one: Endpoint) =>
      networks.localEndpoints.some((own) => sameEndpoint(own, one));
    return !before.every(isThere);
  }

  get #shown(): readonly Endpoint[] {
    return this.#isSecret ? [] : this.#networks.localEndpoints;
  }
}
