/**
 * Plays a transcript in a process of its own, on whatever it is given as terminal: `player FILE`, where
 * the file has it as JSON.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { run } from '../../../src/cli/main.ts';
import { processTerminal } from '../../../src/cli/terminal/terminal.ts';
import { fakeLibrary } from './fake-library.ts';
import type { FakeTerminal } from './fake-terminal.ts';
import type { Transcript } from './transcript.ts';

const { argv, env, script } = JSON.parse(
  readFileSync(process.argv[2] as string, 'utf8'),
) as Transcript;
const terminal: FakeTerminal = {
  ...processTerminal(),
  env: { TERM: 'dumb', ...env },
  written: { stdout: '', stderr: '' },
  sendSignal: (signal) => process.kill(process.pid, signal),
  hangUp: () => {
    throw new Error('a terminal does not hang up on stdout alone');
  },
};
// A signal to oneself keeps nothing waiting.
const alive = setInterval(() => undefined, 1000);
process.exitCode = await run(argv, terminal, async () => fakeLibrary(script, terminal));
clearInterval(alive);
process.stdin.destroy();
