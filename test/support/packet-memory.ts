const SLAB_BYTES = 1 << 18;

/**
 * Copies of payloads, cut from large slabs: an ArrayBuffer of its own for each packet would cost
 * more time than everything else that the simulator does with it.
 */
export class PacketMemory {
  #slab = new Uint8Array(SLAB_BYTES);
  #used = 0;

  copy(payload: Uint8Array): Uint8Array {
    if (this.#used + payload.length > SLAB_BYTES) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#slab.set(payload, start);
    this.#used += payload.length;
    return this.#slab.subarray(start, this.#used);
  }
}
