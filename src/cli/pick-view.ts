import { LiveView } from './live-view.ts';
import { PlainView } from './plain-view.ts';
import type { Terminal } from './terminal.ts';
import type { View } from './view.ts';

/**
 * A terminal that cannot move its cursor (`TERM=dumb`) is treated as none, and so is one that does
 * not know its width (0 columns, as `script` and `docker run -t` have it): ora never ends on it.
 */
export function pickView({ stderr, env }: Terminal): View {
  const live = stderr.isTTY === true && (stderr.columns ?? 0) > 0 && env.TERM !== 'dumb';
  return live ? new LiveView(stderr, env) : new PlainView(stderr);
}
