import { removeLeftovers } from '../io/target/file-leftovers.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { isTicketId } from './tickets/ticket.ts';
import { TicketStore } from './tickets/ticket-store.ts';

/**
 * Gives up an unfinished transfer: removes what has come of it, by the names that we have given to
 * that and no others, and then what is remembered of it. Rejects with `P2P_USAGE` when there is no
 * such transfer or a process is at it, and with `P2P_TARGET_UNWRITABLE` when something is left.
 */
export async function forget(options: {
  readonly stateFolder: string;
  readonly id: string;
}): Promise<void> {
  const { stateFolder, id } = options;
  const store = await TicketStore.open(stateFolder);
  try {
    // It becomes part of names: nothing else may.
    const held = isTicketId(id) ? await store.hold(id) : undefined;
    if (held === undefined) {
      throw new P2PShareError('P2P_USAGE', `there is no transfer ${id} that nobody is at`);
    }
    const { ticket } = held;
    const folder = ticket.kind === 'receive' ? ticket.folder : undefined;
    if (folder !== undefined && !(await removeLeftovers(folder, id))) {
      await held.release();
      throw new P2PShareError(
        'P2P_TARGET_UNWRITABLE',
        `${folder}: the staging folder is not ours alone`,
      );
    }
    await held.discard();
  } finally {
    await store.close();
  }
}
