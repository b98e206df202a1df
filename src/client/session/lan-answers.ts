import { LanResponder } from '../../io/network/lan-beacon.ts';
import type { Endpoints } from './endpoints.ts';

/** Makes a sender findable without a server, under the number that its code has now. */
export class LanAnswers {
  readonly #endpoints: Endpoints;
  #responder: LanResponder | undefined;

  constructor(endpoints: Endpoints) {
    this.#endpoints = endpoints;
  }

  /** HERE leaves from the socket at which to claim. */
  begin(nameplate: number): void {
    const socket = this.#endpoints.sockets.find(({ family }) => family === 'udp4');
    void this.#responder?.close();
    this.#responder = new LanResponder({
      nameplate,
      answer: (payload, remote) => socket?.send({ remote, payload, segmentSize: payload.length }),
    });
    void this.#responder.start();
  }

  async close(): Promise<void> {
    await this.#responder?.close();
  }
}
