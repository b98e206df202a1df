import { resolve } from 'node:path';
import type { ReceiveOptions, SendOptions } from './options.ts';
import type { StoredOptions } from './ticket.ts';

/** What a sender was asked for, in such a form that the same is found again from any folder. */
export function storedSend({ file }: SendOptions): StoredOptions {
  return { file: resolve(file) };
}

/** What `storedSend` kept; `undefined` if it is not of that form. */
export function sendRequest({ file }: StoredOptions): Pick<SendOptions, 'file'> | undefined {
  return typeof file === 'string' ? { file } : undefined;
}

/** What a receiver was asked for, but for the code; `undefined` for a stream, which cannot begin again. */
export function storedReceive({ out = '.', allowHidden }: Destined): StoredOptions | undefined {
  if (typeof out !== 'string') return undefined;
  return { out: resolve(out), ...(allowHidden && { allowHidden }) };
}

/** What `storedReceive` kept. */
export function receiveRequest({ out, allowHidden }: StoredOptions): Destined {
  return {
    ...(typeof out === 'string' && { out }),
    ...(allowHidden === true && { allowHidden }),
  };
}

type Destined = Pick<ReceiveOptions, 'out' | 'allowHidden'>;
