import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { EXIT_CODES, EXIT_MEANINGS } from '../../src/cli/errors/exit-code.ts';
import { display } from '../../src/protocol/display.ts';
import { ERROR_CODES } from '../../src/protocol/errors.ts';
import { parseTranscripts, type Transcript } from './support/transcript.ts';

/** More than any of the commands takes. */
const LINE_COLUMNS = 400;
const SCRIPTS = join(import.meta.dirname, 'scripts');
const names = (await readdir(SCRIPTS)).sort();
const texts = await Promise.all(names.map((name) => readFile(join(SCRIPTS, name), 'utf8')));
const transcripts = texts.flatMap(parseTranscripts);

/** What each of them looks like, for people to read: docs/transcripts.md, which `vitest -u` writes. */
function page(): string {
  const start = [
    '# What it looks like',
    'Commands, what was typed, what was printed, and the exit code: each of these is run by the tests, in pipes or on a terminal. `$DIR` is a folder.',
  ];
  const sections = names.flatMap((name, index) => [
    `## ${name.replace(/\.txt$/, '')}`,
    ...parseTranscripts(texts[index] ?? '').flatMap(section),
  ]);
  return `${[...start, ...sections].join('\n\n')}\n`;
}

function section({ title, env, argv, typed, stdout, stderr, exit }: Transcript): string[] {
  const settings = Object.entries(env).map(([name, value]) => `${name}='${value}' `);
  const lines = [
    display(`$ ${settings.join('')}${['p2pshare', ...argv].join(' ')}`, LINE_COLUMNS),
    ...typed.map((line) => `(typed) ${line}`),
    ...block(stdout),
    ...block(stderr),
    `(exit code ${exit})`,
  ];
  return [
    `${title.charAt(0).toUpperCase()}${title.slice(1)}:`,
    ['```', ...lines, '```'].join('\n'),
  ];
}

function block(text: string): string[] {
  return text === '' ? [] : [stripVTControlCharacters(text).replace(/\n$/, '')];
}

describe('the transcripts of the command line', () => {
  it('are docs/transcripts.md', async () => {
    await expect(page()).toMatchFileSnapshot('../../docs/transcripts.md');
  });

  it.each([true, false])('have every command (on a terminal: %j)', (tty) => {
    const there = transcripts.filter((transcript) => transcript.tty === tty);
    const used = new Set(there.map(({ argv: [first] }) => first));
    expect(COMMANDS.map(({ manual }) => manual.name).filter((name) => !used.has(name))).toEqual([]);
  });

  it('have every error, as a program is told it', () => {
    const told = transcripts.map(({ stdout }) => stdout).join('');
    expect(ERROR_CODES.filter((code) => !told.includes(`"code":"${code}"`))).toEqual([]);
  });

  it('have every exit code, and each of them a meaning', () => {
    const seen = new Set(transcripts.map(({ exit }) => exit));
    const known = Object.keys(EXIT_MEANINGS).map(Number);
    expect(known.filter((code) => !seen.has(code))).toEqual([]);
    expect(Object.values(EXIT_CODES).filter((code) => !known.includes(code))).toEqual([]);
  });
});
