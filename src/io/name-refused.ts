import { P2PShareError } from '../protocol/errors.ts';
import type { NameRefusal } from '../protocol/transfer/entry-name.ts';

/** Why something cannot be sent under the name that it has. */
export type NameProblem =
  | NameRefusal['refused']
  | 'path too long'
  /** With another one that was named. */
  | 'same name'
  /** With another one of the same folder. */
  | 'same name in another case';

/** The error that says so. People see what is wrong by its cause, as they do of system errors. */
export function nameRefused(problem: NameProblem, path?: string): P2PShareError {
  const cause = Object.assign(new Error(problem), { code: problem });
  return new P2PShareError('P2P_NAME_REFUSED', `name refused: ${problem}`, {
    cause,
    ...(path !== undefined && { path }),
  });
}
