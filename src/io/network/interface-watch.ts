import { type LocalAddress, localCandidateAddresses } from './network-interfaces.ts';

/** Nothing portable tells of a change. Asking takes a tenth of a millisecond, and nobody notices 2 s. */
const LOOK_EVERY_MS = 2000;

export interface InterfaceWatchOptions {
  readonly onChange: (addresses: readonly LocalAddress[]) => void;
  readonly addresses?: () => readonly LocalAddress[];
}

/** Notices that addresses of this machine come and go: a cable, another Wi-Fi, a phone's network. */
export class InterfaceWatch {
  readonly #options: InterfaceWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #known: string;

  constructor(options: InterfaceWatchOptions) {
    this.#options = options;
    this.#known = keyOf(this.#list());
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  /** Looks now: there is a reason to think that something has changed. */
  look(): void {
    const addresses = this.#list();
    const key = keyOf(addresses);
    if (key === this.#known) return;
    this.#known = key;
    this.#options.onChange(addresses);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #list(): readonly LocalAddress[] {
    return (this.#options.addresses ?? localCandidateAddresses)();
  }
}

/** The same for the same addresses, in whatever order the system names its interfaces. */
function keyOf(addresses: readonly LocalAddress[]): string {
  return addresses
    .map(({ address, prefixLength }) => `${address}/${prefixLength}`)
    .sort()
    .join();
}
