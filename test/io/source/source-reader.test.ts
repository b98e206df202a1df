import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SourceReader } from '../../../src/io/source/source-reader.ts';
import { scanSources } from '../../../src/io/source/source-scan.ts';
import { SCAN_OPTIONS } from '../../support/scan-options.ts';

const CHANGED = { code: 'P2P_SOURCE_CHANGED' };
const BYTES = 100;

const disk = vi.hoisted(() => ({
  beforeRead: async (_position: number): Promise<void> => undefined,
}));
vi.mock('../../../src/io/files/file-calls.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../../src/io/files/file-calls.ts')>();
  const readFile: typeof original.readFile = async (fd, into, position) => {
    await disk.beforeRead(position);
    return await original.readFile(fd, into, position);
  };
  return { ...original, readFile };
});

let folder: string;
let reader: SourceReader;
const at = (name: string): string => join(folder, name);
const read = (entry: number, offset: number, length: number) =>
  reader.read(entry, offset, new Uint8Array(length));

beforeEach(async () => {
  disk.beforeRead = async () => undefined;
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-reader-'));
});

afterEach(async () => {
  await reader.close();
  await rm(folder, { recursive: true, force: true });
});

/** A reader of so many files of a hundred bytes each. */
async function open(count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => String(index).padStart(2, '0'));
  for (const name of names) await writeFile(at(name), new Uint8Array(BYTES));
  const scan = await scanSources(names.map(at), SCAN_OPTIONS);
  reader = new SourceReader(scan, SCAN_OPTIONS.tagOf);
}

/** Has reads at this position wait until the function that it yields is called. */
function holdReadAt(at: number): () => void {
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  disk.beforeRead = async (position) => (position === at ? await held : undefined);
  return goOn;
}

describe('a file of which the end is read before what is ahead of it', () => {
  it('may change when both have been', async () => {
    await open(1);
    await read(0, 0, 10);
    const goOn = holdReadAt(10);
    const slow = read(0, 10, 80);
    await read(0, 90, 10);
    goOn();
    await slow;
    await appendFile(at('00'), 'more');
    await expect(reader.finish(false)).resolves.toBeUndefined();
  });

  it('may not before', async () => {
    await open(1);
    await read(0, 0, 10);
    const goOn = holdReadAt(10);
    const slow = read(0, 10, 80);
    await read(0, 90, 10);
    await appendFile(at('00'), 'more');
    goOn();
    await expect(slow).rejects.toMatchObject(CHANGED);
  });
});

describe('a source of several files', () => {
  it('has each failure at the file that it is about, and not at the one that is read just then', async () => {
    // More than are kept open while nobody reads them.
    await open(12);
    await read(0, 0, 10);
    await appendFile(at('00'), 'more');
    for (let entry = 1; entry < 12; entry += 1) expect(await read(entry, 0, 10)).toBe(10);
    await expect(reader.finish(true)).rejects.toMatchObject(CHANGED);
    await expect(read(0, 10, 10)).rejects.toMatchObject(CHANGED);
    // Whoever reads it has been told.
    for (let entry = 1; entry < 12; entry += 1) await read(entry, 10, BYTES);
    await expect(reader.finish(true)).resolves.toBeUndefined();
    await expect(reader.finish(false)).rejects.toMatchObject(CHANGED);
  });

  it('comes to a good end while a file that has failed is still being read', async () => {
    await open(1);
    await read(0, 0, 10);
    const goOn = holdReadAt(10);
    const slow = read(0, 10, 10);
    await appendFile(at('00'), 'more');
    await expect(read(0, 90, 10)).rejects.toMatchObject(CHANGED);
    await expect(reader.finish(true)).resolves.toBeUndefined();
    goOn();
    await expect(slow).rejects.toMatchObject(CHANGED);
  });
});
