import type { Output, Terminal } from '../terminal/terminal.ts';
import { LiveView } from './live-view.ts';
import { PlainView } from './plain-view.ts';
import { ReceiverBoard } from './receiver-board.ts';
import type { View } from './view.ts';

/** Where things are told: of everybody, and of one receiver among several. */
export interface Views {
  readonly all: View;
  readonly of: (receiver: number) => View;
}

/**
 * A terminal that cannot move its cursor (`TERM=dumb`) is treated as none, and so is one that does
 * not know its width (0 columns, as `script` and `docker run -t` have it): ora never ends on it.
 */
export function pickViews({ stderr, env }: Terminal): Views {
  const isLive = stderr.isTTY === true && (stderr.columns ?? 0) > 0 && env.TERM !== 'dumb';
  if (!isLive) {
    const of = (receiver: number) => new PlainView(prefixed(stderr, receiver));
    return { all: new PlainView(stderr), of };
  }
  const all = new LiveView(stderr, env);
  const board = new ReceiverBoard(all);
  return { all, of: (receiver) => board.viewOf(receiver) };
}

/** Every line says of whom it is. */
function prefixed(output: Output, receiver: number): Pick<Output, 'write'> {
  return { write: (text: string | Uint8Array) => output.write(`receiver ${receiver}: ${text}`) };
}
