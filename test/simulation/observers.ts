import { bytesKey } from '../../src/protocol/wire/bytes.ts';
import { sliceOf } from './packets.ts';
import type { Scene } from './scene.ts';

/** When slices of the file left the sender, wherever it was. */
export class Slices {
  readonly #sent: { readonly slice: string; readonly at: number }[] = [];
  /** The connection id of the direction, once the sender has said anything from home. */
  #direction: string | undefined;

  constructor(scene: Scene) {
    const home = scene.home.router.nat.address;
    scene.sim.tap(({ from, payload }) => {
      const slice = sliceOf(payload);
      // What comes from the relay has left the sender before.
      if (slice === undefined || from.address === scene.serverHost.address) return 'pass';
      const direction = bytesKey(payload.subarray(0, 8));
      if (from.address === home) this.#direction ??= direction;
      if (direction === this.#direction) this.#sent.push({ slice, at: scene.sim.elapsed });
      return 'pass';
    });
  }

  receivedBefore(time: number): Set<string> {
    return new Set(this.#sent.filter(({ at }) => at < time).map(({ slice }) => slice));
  }

  sentAfter(time: number): string[] {
    return this.#sent.filter(({ at }) => at > time).map(({ slice }) => slice);
  }
}

/** How long the receiver's office got nothing of the file. */
export class Arrivals {
  longestGap = 0;
  #last: number | undefined;

  constructor(scene: Scene) {
    scene.sim.tap(({ to, payload }) => {
      if (to.address !== scene.office.router.nat.address) return 'pass';
      if (sliceOf(payload) === undefined) return 'pass';
      const now = scene.sim.elapsed;
      this.longestGap = Math.max(this.longestGap, now - (this.#last ?? now));
      this.#last = now;
      return 'pass';
    });
  }
}

/** When the first slice of the file passes an address on the internet from now on. */
export function nextSliceAt(scene: Scene, address: string): () => number {
  let at = Number.POSITIVE_INFINITY;
  scene.sim.tap(({ from, to, payload }) => {
    const isHere = from.address === address || to.address === address;
    if (isHere && sliceOf(payload) !== undefined) at = Math.min(at, scene.sim.elapsed);
    return 'pass';
  });
  return () => at;
}
