import { isAbsolute, join } from 'node:path';
import { UsageError } from '../errors/usage-error.ts';
import type { Environment } from '../terminal/terminal.ts';

/**
 * Where unfinished transfers are remembered: `p2pshare` in the user's state folder (XDG Base Directory
 * Specification 0.8); `undefined` where no home is known.
 */
export function stateFolder(
  { XDG_STATE_HOME, HOME, LOCALAPPDATA }: Environment,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  // The specification has relative paths ignored.
  if (isPath(XDG_STATE_HOME)) return join(XDG_STATE_HOME, 'p2pshare');
  if (platform === 'win32') return LOCALAPPDATA && join(LOCALAPPDATA, 'p2pshare', 'state');
  return isPath(HOME) ? join(HOME, '.local', 'state', 'p2pshare') : undefined;
}

/** The same, where there is nothing to do without. */
export function requireStateFolder(env: Environment): string {
  const folder = stateFolder(env);
  if (folder !== undefined) return folder;
  throw new UsageError('nothing is known of unfinished transfers', 'set HOME or XDG_STATE_HOME');
}

function isPath(value: string | undefined): value is string {
  return value !== undefined && isAbsolute(value);
}
