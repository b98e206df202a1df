import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { rolldown } from 'rolldown';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import packageDescription from '../../package.json' with { type: 'json' };
import { parseTranscripts, type Transcript } from '../cli/support/transcript.ts';
import { PseudoTerminal, whyNoTerminal } from './support/pseudo-terminal.ts';
import { Stage } from './support/stage.ts';

const { version } = packageDescription;
const TEST = join(import.meta.dirname, '..');
const SCRIPTS = join(TEST, 'cli', 'scripts');
const reason = whyNoTerminal();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

const stage = new Stage();
const terminals: PseudoTerminal[] = [];
let folder: string;
let player: string;

const names = await readdir(SCRIPTS);
const texts = await Promise.all(names.map((name) => readFile(join(SCRIPTS, name), 'utf8')));
const all = texts.flatMap(parseTranscripts).filter(({ real }) => !real);
const inPipes = all
  .filter(({ tty }) => !tty)
  // Who hangs up and when is told by hand in memory.
  .filter(({ script }) => !script.some(({ verb }) => verb === 'hang-up'));
const transcripts = all
  .filter(({ tty }) => tty)
  // Whether an answer comes before the question is withdrawn, is a matter of luck here.
  .filter(
    ({ script, typed }) => typed.length === 0 || !script.some(({ verb }) => verb === 'withdraw'),
  );

beforeAll(async () => {
  folder = await stage.folder();
  // As deep as the real one, which looks for its version from there.
  player = join(folder, 'dist', 'bundle', 'player.mjs');
  await cp(join(TEST, '..', 'package.json'), join(folder, 'package.json'));
  const bundle = await rolldown({
    input: join(TEST, 'cli', 'support', 'player.ts'),
    platform: 'node',
    external: ['koffi', 'socks', 'default-gateway'],
  });
  await bundle.write({ file: player, format: 'esm', codeSplitting: false });
  await bundle.close();
}, 60_000);
afterEach(() => Promise.all(terminals.splice(0).map((terminal) => terminal.end())));
afterAll(() => stage.clear());

describe.skipIf(reason !== undefined)('on a real terminal', () => {
  it.each(transcripts)('$title', { timeout: 30_000 }, async (transcript) => {
    const { text, exit } = await play(transcript);
    expect({ exit, missing: missingIn(text, transcript) }).toEqual({
      exit: transcript.exit,
      missing: [],
    });
  });
});

describe('in pipes', () => {
  // Each is a process of its own, and hundreds of them take a minute one by one.
  it.concurrent.each(inPipes)('$title', { timeout: 30_000 }, async (transcript) => {
    const place = await stage.folder();
    const script = await prepared(transcript, place);
    const { PATH } = process.env;
    const child = spawn(process.execPath, [player, script], { cwd: place, env: { PATH } });
    child.stdin.end(transcript.typed.map((line) => `${line}\n`).join(''));
    const [stdout, stderr, [exit]] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      once(child, 'close'),
    ]);
    const seen = (text: string) => text.replaceAll(place, '$DIR').replaceAll(version, '$VERSION');
    expect({ exit, stdout: seen(stdout), stderr: seen(stderr) }).toEqual({
      exit: transcript.exit,
      stdout: seen(transcript.stdout),
      stderr: transcript.stderr,
    });
  });
});

/** What the player reads, with the files that are there beforehand. */
async function prepared(transcript: Transcript, place: string): Promise<string> {
  const script = join(place, '.transcript.json');
  for (const { name, content } of transcript.files) await writeFile(join(place, name), content);
  await writeFile(script, JSON.stringify(transcript).replaceAll('$DIR', place));
  return script;
}

async function play(transcript: Transcript): Promise<{ text: string; exit: number | null }> {
  const script = await prepared(transcript, folder);
  const terminal = new PseudoTerminal([script], { program: player, columns: 120, cwd: folder });
  terminals.push(terminal);
  const { typed, waits } = transcript;
  const end = waits ? '' : '\u0004';
  // In one piece, as somebody does who knows what will be asked: it waits in the line discipline.
  terminal.type(`${typed.map((line) => `${line}\n`).join('')}${end}`);
  const exit = await terminal.exitCode();
  return { text: terminal.text, exit };
}

/** What a person should have seen, in this order, and has not. */
function missingIn(text: string, { stdout, stderr }: Transcript): string[] {
  const missing: string[] = [];
  for (const output of [stdout, stderr]) {
    let from = 0;
    for (const piece of pieces(output)) {
      const at = text.indexOf(piece, from);
      if (at < 0) missing.push(piece);
      else from = at + piece.length;
    }
  }
  return missing;
}

/**
 * Behind a question there is what was typed, which the transcript does not have; and what the terminal
 * itself is told is not to be seen.
 */
function pieces(output: string): string[] {
  return output
    .replaceAll('$DIR', folder)
    .replaceAll('$VERSION', version)
    .split(/\n|(?<=\? \[y\/N\] |code: |stop\? )/)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '' && !piece.includes('\u001b'));
}
