import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Environment, Terminal } from './terminal.ts';

/** So long may a program take that only keeps a text. */
const PATIENCE_MS = 2000;

/**
 * Puts a text on the clipboard: by the programs that this system has for it, or else by asking the
 * terminal to (OSC 52), which does not say whether it did. The text is in no argument list. Yields how,
 * or `undefined` if nothing could be tried.
 */
export async function copyText(
  text: string,
  { env, stderr }: Pick<Terminal, 'env' | 'stderr'>,
): Promise<'copied' | 'asked' | undefined> {
  for (const [command, ...args] of programs(env)) {
    if (await feed(command, args, { text, env })) return 'copied';
  }
  if (stderr.isTTY !== true) return undefined;
  stderr.write(`\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`);
  return 'asked';
}

function programs(
  { WAYLAND_DISPLAY, DISPLAY }: Environment,
  platform = process.platform,
): readonly (readonly [string, ...string[]])[] {
  if (platform === 'darwin') return [['pbcopy']];
  if (platform === 'win32') return [['clip']];
  return [
    ...(WAYLAND_DISPLAY ? [['wl-copy'] as const] : []),
    ...(DISPLAY ? [['xclip', '-selection', 'clipboard'] as const, ['xsel', '-ib'] as const] : []),
  ];
}

async function feed(
  command: string,
  args: readonly string[],
  { text, env }: { readonly text: string; readonly env: Environment },
): Promise<boolean> {
  const child = spawn(command, args, {
    env: { ...env },
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: PATIENCE_MS,
  });
  // One that is not there, or ends without reading.
  child.stdin.on('error', () => undefined);
  child.stdin.end(text);
  return await once(child, 'exit').then(
    ([status]) => status === 0,
    () => false,
  );
}
