import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageDescription from '../../package.json' with { type: 'json' };
import { run } from '../../src/cli/main.ts';
import { requireEvent } from '../support/event-schema.ts';
import { fakeLibrary } from './support/fake-library.ts';
import { fakeTerminal } from './support/fake-terminal.ts';
import { parseTranscripts, type Transcript } from './support/transcript.ts';

const { version } = packageDescription;
const SCRIPTS = join(import.meta.dirname, 'scripts');

for (const name of await readdir(SCRIPTS)) {
  const transcripts = parseTranscripts(await readFile(join(SCRIPTS, name), 'utf8'));
  describe(name.replace(/\.txt$/, ''), () => {
    it.each(transcripts)('$title', (transcript) => inFolder((folder) => check(transcript, folder)));
  });
}

async function check(transcript: Transcript, folder: string): Promise<void> {
  for (const { name, content } of transcript.files) await writeFile(join(folder, name), content);
  const { tty, typed, waits } = transcript;
  // A terminal without cursor movement: what stays on the screen is what the transcript shows.
  const env = Object.entries(transcript.env).map(([name, value]) => [
    name,
    value.replace('$DIR', folder),
  ]);
  const terminal = fakeTerminal({
    tty,
    typed,
    waits,
    env: { TERM: 'dumb', ...Object.fromEntries(env) },
  });
  const fake = fakeLibrary(transcript.script, terminal);
  const library = transcript.real ? await import('../../src/index.ts') : fake;
  const argv = transcript.argv.map((argument) => argument.replace('$DIR', folder));

  const exit = await run(argv, terminal, async () => library);

  if (argv.includes('--json') && !argv.includes('-')) {
    for (const line of terminal.written.stdout.split('\n').filter(Boolean)) requireEvent(line);
  }
  const seen = (text: string) =>
    text.replaceAll(folder, '$DIR').replaceAll(`"version":"${version}"`, '"version":"$VERSION"');
  expect({
    exit,
    stdout: seen(terminal.written.stdout),
    stderr: seen(terminal.written.stderr),
    called: fake.seen.called === undefined ? undefined : seen(fake.seen.called),
    decided: fake.seen.decided,
  }).toEqual({
    exit: transcript.exit,
    stdout: transcript.stdout,
    stderr: transcript.stderr,
    called: transcript.called,
    decided: transcript.decided,
  });
  for (const { name, content } of transcript.left) {
    expect(await readFile(join(folder, name), 'utf8')).toBe(content.replaceAll('\\n', '\n'));
  }
  for (const name of transcript.absent) expect(await readdir(folder)).not.toContain(name);
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'p2pshare-cli-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
