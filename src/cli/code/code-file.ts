import { UsageError } from '../errors/usage-error.ts';
import { readStart } from '../terminal/read-start.ts';
import { replaceFile } from '../terminal/replace-file.ts';

/** The longest code is much shorter; the rest is room for blanks and a line break. */
const MAX_BYTES = 1024;

/** Keeps a code where only this user can read it. Throws `UsageError`. */
export async function writeCode(path: string, code: string): Promise<void> {
  try {
    await replaceFile(path, `${code}\n`);
  } catch (error) {
    throw unusable(path, 'written', error);
  }
}

/** What `writeCode` kept, or somebody else. Throws `UsageError`. */
export async function readCode(path: string): Promise<string> {
  try {
    return (await readStart(path, MAX_BYTES)).trim();
  } catch (error) {
    throw unusable(path, 'read', error);
  }
}

function unusable(path: string, what: string, cause: unknown): UsageError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  const message = `the code file cannot be ${what} (${reason}): ${path}`;
  return new UsageError(message, 'name a file of your own with --code-file', 'P2P_USAGE', {
    cause,
  });
}
