import type { TransferEvent } from '../../src/client/api/events.ts';
import type { Transfer } from '../../src/client/api/transfer-handle.ts';

/** What is found in the first event that has it. Rejects when the transfer ends before. */
export async function told<T>(
  transfer: Transfer,
  find: (event: TransferEvent) => T | undefined,
): Promise<T> {
  for await (const event of transfer) {
    const found = find(event);
    if (found !== undefined) return found;
  }
  throw new Error('the transfer ended before it told that');
}
