import { P2PShareError } from '../../protocol/errors.ts';
import type { CommonOptions } from './options.ts';

/** Throws `P2P_USAGE` for a limit that nothing could travel at, and for a time that is none. */
export function requireBounds({
  limit = 1,
  timeoutMs = 0,
}: Pick<CommonOptions, 'limit' | 'timeoutMs'>): void {
  if (!(limit >= 1 && limit <= Number.MAX_SAFE_INTEGER)) {
    throw new P2PShareError('P2P_USAGE', 'limit: a number of bytes a second, from 1');
  }
  if (!(timeoutMs >= 0)) {
    throw new P2PShareError('P2P_USAGE', 'timeoutMs: a number of milliseconds, from 0');
  }
}
