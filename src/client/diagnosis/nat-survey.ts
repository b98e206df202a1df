import { systemRandom } from '../../crypto/random.ts';
import { monotonicNow } from '../../io/clock.ts';
import { Driver } from '../../io/driver.ts';
import { openUdpSocket } from '../../io/network/udp-socket.ts';
import type { NatFindings } from '../../protocol/nat/nat-findings.ts';
import { NatProber, type NatProberEvent } from '../../protocol/nat/nat-prober.ts';
import type { Endpoint } from '../../protocol/wire/endpoint.ts';
import { Endpoints } from '../session/endpoints.ts';

/**
 * Asks a server, over IPv4, what the NATs in between do. What is not known at `end` stays unknown.
 * Rejects with the system's error when there is no socket to be had.
 */
export async function surveyNat(server: Endpoint, end: AbortSignal): Promise<NatFindings> {
  const endpoints = new Endpoints([await openUdpSocket({ family: 'udp4' })], []);
  try {
    return await new NatSurveying(server, endpoints).run(end);
  } finally {
    await endpoints.close();
  }
}

/** A `NatProber` on real sockets. */
class NatSurveying {
  readonly #endpoints: Endpoints;
  readonly #prober: NatProber;
  readonly #driver: Driver<NatProberEvent>;
  #finish: (findings: NatFindings) => void = () => undefined;
  readonly #finished = new Promise<NatFindings>((resolve) => {
    this.#finish = resolve;
  });

  constructor(server: Endpoint, endpoints: Endpoints) {
    this.#endpoints = endpoints;
    const options = { server, random: systemRandom, firstBase: 1 };
    this.#prober = new NatProber(options, monotonicNow());
    this.#driver = new Driver({
      machine: this.#prober,
      sockets: endpoints.sockets,
      onEvent: (event) => this.#onEvent(event),
    });
  }

  async run(end: AbortSignal): Promise<NatFindings> {
    const stop = () => this.#finish(this.#prober.findings);
    end.addEventListener('abort', stop, { once: true });
    if (end.aborted) stop();
    this.#driver.start();
    try {
      return await this.#finished;
    } finally {
      end.removeEventListener('abort', stop);
      this.#driver.close();
    }
  }

  #onEvent(event: NatProberEvent): void {
    switch (event.kind) {
      case 'open-bases':
        void this.#openBases(event.bases);
        break;
      case 'close-bases':
        for (const base of event.bases) this.#driver.removeBase(base);
        void this.#endpoints.closeBases(event.bases);
        break;
      case 'classified':
        this.#finish(event.findings);
        break;
      case 'sample':
        break;
    }
  }

  async #openBases(bases: readonly number[]): Promise<void> {
    const sockets = await this.#endpoints.openBases(bases);
    for (const [base, socket] of sockets) this.#driver.addBase(base, socket);
    const opened = Array.from(sockets, ([base, { address }]) => ({ base, port: address.port }));
    this.#prober.handleBasesOpened(opened, monotonicNow());
    this.#driver.poke();
  }
}
