import { P2PShareError } from '../protocol/errors.ts';
import type { CommonOptions } from './options.ts';

/** Throws `P2P_USAGE` for a limit that nothing could travel at. */
export function requireLimit({ limit }: Pick<CommonOptions, 'limit'>): void {
  if (limit === undefined || (limit >= 1 && limit <= Number.MAX_SAFE_INTEGER)) return;
  throw new P2PShareError('P2P_USAGE', 'limit: a number of bytes a second, from 1');
}
