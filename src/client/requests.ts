import { resolve } from 'node:path';
import { type ReceiveOptions, type SendOptions, SYMLINK_POLICIES } from './api/options.ts';
import type { StoredOptions, StoredValue } from './tickets/ticket.ts';

/**
 * What a sender was asked for, in such a form that the same is found again from any folder;
 * `undefined` for a stream, which cannot begin again, and for a text, which is nobody's business.
 */
export function storedSend(options: SendOptions): StoredOptions | undefined {
  const { paths, input, text, receivers = 1 } = options;
  const { symlinks, exclude = [], gitignore, encodeNames } = options;
  if (input !== undefined || text !== undefined) return undefined;
  return {
    paths: paths.map((path) => resolve(path)),
    ...(symlinks && { symlinks }),
    ...(exclude.length > 0 && { exclude }),
    ...(gitignore && { gitignore }),
    ...(encodeNames && { encodeNames }),
    ...(receivers !== 1 && { receivers }),
  };
}

/** What `storedSend` kept; `undefined` if it is not of that form. */
export function sendRequest(stored: StoredOptions): SendRequest | undefined {
  const { paths, exclude, gitignore, encodeNames, receivers, symlinks: links } = stored;
  const symlinks = SYMLINK_POLICIES.find((policy) => policy === links);
  if (!isList(paths) || paths.length === 0) return undefined;
  return {
    paths,
    ...(symlinks && { symlinks }),
    ...(isList(exclude) && { exclude }),
    ...(gitignore === true && { gitignore }),
    ...(encodeNames === true && { encodeNames }),
    ...((typeof receivers === 'number' || receivers === 'unlimited') && { receivers }),
  };
}

type SendRequest = Pick<
  SendOptions,
  'paths' | 'symlinks' | 'exclude' | 'gitignore' | 'encodeNames' | 'receivers'
>;

function isList(value: StoredValue | undefined): value is readonly string[] {
  return Array.isArray(value);
}

/** What a receiver was asked for, but for the code; `undefined` for a stream, which cannot begin again. */
export function storedReceive(options: Destined): StoredOptions | undefined {
  const { out = '.', allowHidden, preserve, delta } = options;
  if (typeof out !== 'string') return undefined;
  return {
    out: resolve(out),
    ...(allowHidden && { allowHidden }),
    ...(preserve && { preserve }),
    ...(delta && { delta }),
  };
}

/** What `storedReceive` kept. */
export function receiveRequest({ out, allowHidden, preserve, delta }: StoredOptions): Destined {
  return {
    ...(typeof out === 'string' && { out }),
    ...(allowHidden === true && { allowHidden }),
    ...(preserve === true && { preserve }),
    ...(delta === true && { delta }),
  };
}

type Destined = Pick<ReceiveOptions, 'out' | 'allowHidden' | 'preserve' | 'delta'>;
