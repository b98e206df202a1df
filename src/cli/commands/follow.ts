import type { Transfer } from '../../client/api/transfer-handle.ts';
import type { Reporter } from '../report/reporter.ts';

/** Reports a transfer until it ends. Its failure is thrown and told where every failure is. */
export async function follow(transfer: Transfer, reporter: Reporter): Promise<void> {
  try {
    for await (const event of transfer) if (event.event !== 'error') reporter.report(event);
    await transfer.result;
  } finally {
    reporter.pause();
  }
}
