import { InterfaceWatch } from '../../io/network/interface-watch.ts';
import type { LocalAddress } from '../../io/network/network-interfaces.ts';
import { SleepWatch } from '../../io/sleep-watch.ts';
import type { Instant } from '../../protocol/time.ts';

export interface SurroundingsOptions {
  /** The computer has slept. */
  readonly onWake: (now: Instant) => void;
  /** Its addresses are others than before. */
  readonly onNetworks: (addresses: readonly LocalAddress[]) => void;
}

/** What happens to the computer during a session. */
export class Surroundings {
  readonly #sleep: SleepWatch;
  readonly #interfaces: InterfaceWatch;

  constructor({ onWake, onNetworks }: SurroundingsOptions) {
    this.#interfaces = new InterfaceWatch({ onChange: onNetworks });
    this.#sleep = new SleepWatch({
      onWake: (now) => {
        // Whoever carries a computer from one place to another shuts it first.
        this.#interfaces.look();
        onWake(now);
      },
    });
  }

  close(): void {
    this.#sleep.close();
    this.#interfaces.close();
  }
}
