import type { Transmit } from '../../protocol/machine.ts';

/**
 * One batch on its way out: whole, in one call that the kernel cuts; in pieces, one call for each
 * datagram; or in pieces that may be fragmented on the way.
 */
export class Send {
  transmit: Transmit | undefined;
  mode: 'whole' | 'pieces' | 'fragments' = 'whole';
  /** Whether the kernel refused the batch for a reason that may lie in the offload. */
  refused = false;
  /** Calls that have not ended. */
  outstanding = 0;
  readonly done: (error: Error | null) => void;

  constructor(ended: (send: Send, error: Error | null) => void) {
    this.done = (error) => ended(this, error);
  }

  begin(transmit: Transmit, mode: 'whole' | 'pieces'): void {
    this.transmit = transmit;
    this.mode = mode;
    this.refused = false;
  }

  /** The size of its datagrams. */
  get datagramBytes(): number {
    const { payload, segmentSize } = this.transmit as Transmit;
    return Math.min(segmentSize, payload.length);
  }

  /** What UDP_SEGMENT has to be; a single datagram is content with any size that does not cut it. */
  segmentOption(current: number): number {
    const { payload, segmentSize } = this.transmit as Transmit;
    if (this.mode !== 'whole') return 0;
    if (payload.length > segmentSize) return segmentSize;
    return payload.length <= current ? current : 0;
  }
}
