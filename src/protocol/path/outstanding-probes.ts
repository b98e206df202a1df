import { elapsed, type Instant, type Millis } from '../time.ts';
import { limits } from './limits.ts';
import type { ProbeNonce } from './probe-codec.ts';
import { timers } from './timers.ts';

export interface OutstandingProbe {
  readonly nonce: ProbeNonce;
  readonly nominate: boolean;
  readonly sentAt: Instant;
}

/** The requests to one remote that may still be answered. Each answer counts once. */
export class OutstandingProbes {
  #probes: OutstandingProbe[] = [];

  add(probe: OutstandingProbe): void {
    this.#probes.push(probe);
    if (this.#probes.length > limits.outstandingProbes) this.#probes.shift();
  }

  /** The round trip that `nonce` completes, or `undefined` when no such request awaits an answer. */
  answer(nonce: ProbeNonce, now: Instant): { rtt: Millis; nominate: boolean } | undefined {
    const index = this.#probes.findIndex((probe) => isSame(probe.nonce, nonce));
    const probe = this.#probes[index];
    if (probe === undefined) return undefined;
    this.#probes.splice(index, 1);
    const rtt = elapsed(probe.sentAt, now);
    return rtt > timers.answerTimeout ? undefined : { rtt, nominate: probe.nominate };
  }
}

function isSame(a: ProbeNonce, b: ProbeNonce): boolean {
  return a.counter === b.counter && a.salt === b.salt;
}
