import type { LocalAddress } from '../../io/network/network-interfaces.ts';
import { PortMapper } from '../../io/router/port-mapper.ts';

interface MappedPortOptions {
  /** The UDP port of ours that is to be reached from everywhere. */
  readonly port: number;
  /** The public port that leads to it has come, changed or gone. */
  readonly onPort: (port: number | undefined) => void;
}

/** The public port at which a router lets the peer in: that of the network in which we are, whichever it is. */
export class MappedPort {
  readonly #options: MappedPortOptions;
  #mapper: PortMapper | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: MappedPortOptions) {
    this.#options = options;
  }

  /** We are in these networks: what a router of others has granted is nothing to the peer any more. */
  ask(interfaces: readonly LocalAddress[]): void {
    this.#turn = this.#turn.then(() => this.#askAnew(interfaces));
  }

  /** Ends the mapping that there is; takes two seconds at most. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
    await this.#mapper?.close();
  }

  async #askAnew(interfaces: readonly LocalAddress[]): Promise<void> {
    if (this.#isClosed) return;
    const { port, onPort } = this.#options;
    if (this.#mapper !== undefined) {
      onPort(undefined);
      // Waited for: the router may be the same, and what ends the old mapping would end the new one.
      await this.#mapper.close();
      if (this.#isClosed) return;
    }
    this.#mapper = new PortMapper({ interfaces, port, onPort });
  }
}
