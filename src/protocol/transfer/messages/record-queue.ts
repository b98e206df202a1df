import { TRANSFER_LIMITS } from '../limits.ts';

/** Records that are to be looked at later, in the order in which they came. */
export class RecordQueue {
  readonly #records: Uint8Array[] = [];
  #bytes = 0;

  /** Of all of them together. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  /** Full only for a sender that does not fill its records, which wins nothing by that. */
  get isFull(): boolean {
    return this.#records.length >= TRANSFER_LIMITS.waitingRecords;
  }

  /** Keeps a copy. */
  push(record: Uint8Array): void {
    this.#records.push(record.slice());
    this.#bytes += record.length;
  }

  clear(): void {
    this.#records.length = 0;
    this.#bytes = 0;
  }

  shift(): Uint8Array | undefined {
    const record = this.#records.shift();
    this.#bytes -= record?.length ?? 0;
    return record;
  }
}
