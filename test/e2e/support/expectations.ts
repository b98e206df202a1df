import { expect } from 'vitest';
import type { ErrorCode } from '../../../src/protocol/errors.ts';
import type { Program } from './program.ts';

/** Each of them has told that it is done, and has ended well. */
export async function expectSuccess(...programs: readonly Program[]): Promise<void> {
  // Side by side: the one that fails knows more than the one that waits for it.
  await Promise.all(programs.map((program) => program.event('done')));
  for (const program of programs) {
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  }
}

/** It ends with this error and exit code: one line of what happened and one of what to do. */
export async function expectFailure(
  program: Program,
  { code, exit }: { readonly code: ErrorCode; readonly exit: number },
): Promise<void> {
  expect(await program.exit()).toEqual({ code: exit, signal: null });
  expect(program.events.at(-1)).toMatchObject({ event: 'error', code });
  expect(program.all('done')).toEqual([]);
  expect(program.stderr).toMatch(/^p2pshare: error: [^\n]+\np2pshare: hint: [^\n]+\n$/);
}
