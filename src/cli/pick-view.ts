import { LiveView } from './live-view.ts';
import { PlainView } from './plain-view.ts';
import type { Terminal } from './terminal.ts';
import type { View } from './view.ts';

/** A terminal that cannot move its cursor (`TERM=dumb`) is treated as none. */
export function pickView(terminal: Terminal): View {
  const live = terminal.stderr.isTTY === true && terminal.env.TERM !== 'dumb';
  return live ? new LiveView(terminal) : new PlainView(terminal.stderr);
}
