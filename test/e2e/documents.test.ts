import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from './support/build.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
let folder: string;

beforeAll(async () => {
  await ensureBuilt();
  // In here, so that `p2pshare` means this package.
  folder = await mkdtemp(join(ROOT, 'test', 'e2e', '.documents-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function documents(): Promise<string[]> {
  const names = (await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md'));
  const top = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
  return [...top, ...names.map((name) => join('docs', name))];
}

describe('the documents', () => {
  it('lead nowhere that is not there', async () => {
    const missing: string[] = [];
    for (const document of await documents()) {
      const text = await readFile(join(ROOT, document), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const path = join(ROOT, dirname(document), target);
        await access(path).catch(() => missing.push(`${document}: ${relative(ROOT, path)}`));
      }
    }
    expect(missing).toEqual([]);
  });

  it('have examples of the library that compile', { timeout: 60_000 }, async () => {
    let count = 0;
    for (const document of ['README.md', 'docs/api.md']) {
      const text = await readFile(join(ROOT, document), 'utf8');
      for (const [, block = ''] of text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)) {
        count += 1;
        await writeFile(join(folder, `example-${count}.ts`), block);
      }
    }
    expect(count).toBeGreaterThan(6);
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          skipLibCheck: true,
          module: 'nodenext',
          target: 'es2023',
          types: ['node'],
          typeRoots: [join(ROOT, 'node_modules/@types')],
        },
        include: ['*.ts'],
      }),
    );
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout?: string }) => {
      throw new Error(error.stdout);
    });
  });
});
