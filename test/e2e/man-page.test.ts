import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { EXIT_CODES, EXIT_MEANINGS } from '../../src/cli/errors/exit-code.ts';
import { flagsOf } from '../../src/cli/settings/manual.ts';
import { ensureBuilt } from './support/build.ts';

const PAGE = join(import.meta.dirname, '../../dist/man/p2pshare.1');
const run = promisify(execFile);

beforeAll(ensureBuilt);

describe('the manual page', () => {
  it('has every command and flag', async () => {
    const page = (await readFile(PAGE, 'utf8')).replaceAll('\\-', '-');
    for (const { manual } of COMMANDS) {
      expect(page).toContain(`.SS p2pshare ${manual.name}`);
      for (const flag of Object.keys(flagsOf(manual))) expect(page).toContain(`--${flag}\\fR`);
    }
  });

  it('has every exit code', () => {
    for (const status of Object.values(EXIT_CODES)) expect(EXIT_MEANINGS[status]).toBeDefined();
  });

  it('is a page that groff has nothing to say about', async ({ skip }) => {
    const hasGroff = await run('groff', ['--version']).then(
      () => true,
      () => false,
    );
    if (!hasGroff) skip('groff is not installed');
    const { stdout, stderr } = await run('groff', ['-man', '-Tascii', '-P-cbou', '-ww', PAGE]);
    expect(stderr).toBe('');
    expect(stdout).toContain('EXIT STATUS');
  });
});
