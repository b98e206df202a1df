import { display } from '../../protocol/display.ts';
import type { Output } from './terminal.ts';

/** More than the longest text has: nothing of it is left out. */
const TEXT_COLUMNS = 2 ** 20;

/** A text that came: to a terminal line by line, so that it does nothing there but stand; to a pipe as it is. */
export function writeText(text: string, stdout: Output): void {
  if (stdout.isTTY !== true) stdout.write(text);
  else for (const line of text.split('\n')) stdout.write(`${display(line, TEXT_COLUMNS)}\n`);
}
