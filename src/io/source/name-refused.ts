import { P2PShareError } from '../../protocol/errors.ts';
import type { NameRefusal } from '../../protocol/transfer/entries/entry-name.ts';
import { problem } from '../files/file-errors.ts';

/** Why something cannot be sent under the name that it has. */
export type NameProblem =
  | NameRefusal['refused']
  | 'path too long'
  /** With another one that was named. */
  | 'same name'
  /** With another one of the same folder. */
  | 'same name in another case';

/** The error that says so. */
export function nameRefused(why: NameProblem, path?: string): P2PShareError {
  return new P2PShareError('P2P_NAME_REFUSED', `name refused: ${why}`, {
    cause: problem(why),
    ...(path !== undefined && { path }),
  });
}
