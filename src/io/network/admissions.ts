import type { Socket } from 'node:net';
import { sourcePrefix } from '../../protocol/rendezvous/source-prefix.ts';
import type { Endpoint } from '../../protocol/wire/endpoint.ts';
import { endpointKey } from '../../protocol/wire/endpoint.ts';
import type { WebSocketLimits } from './websocket-limits.ts';

/** Counts the connections of a listener, and ends those that do not become what they should. */
export class Admissions {
  readonly #limits: WebSocketLimits;
  readonly #bySource = new Map<string, number>();
  /** The end of those that have not been settled yet. */
  readonly #deadlines = new Map<string, NodeJS.Timeout>();
  #size = 0;
  #refused = 0;

  constructor(limits: WebSocketLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  /** Connections that a limit kept out, or that a deadline ended. */
  get refused(): number {
    return this.#refused;
  }

  /** Counts `socket` until it closes, and destroys it unless `settle` comes in time. */
  admit(socket: Socket, remote: Endpoint): boolean {
    const { host } = sourcePrefix(remote.address);
    const ofSource = this.#bySource.get(host) ?? 0;
    const { connections, connectionsPerSource, handshakeMs } = this.#limits;
    if (this.#size >= connections || ofSource >= connectionsPerSource) {
      this.#refused += 1;
      return false;
    }
    this.#size += 1;
    this.#bySource.set(host, ofSource + 1);
    const deadline = setTimeout(() => {
      this.#refused += 1;
      socket.destroy();
    }, handshakeMs);
    this.#deadlines.set(endpointKey(remote), deadline);
    socket.once('close', () => this.#forget(remote, host));
    return true;
  }

  /** The connection from `remote` is what it should be; no deadline ends it any more. */
  settle(remote: Endpoint): void {
    const key = endpointKey(remote);
    clearTimeout(this.#deadlines.get(key));
    this.#deadlines.delete(key);
  }

  #forget(remote: Endpoint, host: string): void {
    this.settle(remote);
    this.#size -= 1;
    const rest = (this.#bySource.get(host) ?? 1) - 1;
    if (rest > 0) this.#bySource.set(host, rest);
    else this.#bySource.delete(host);
  }
}
