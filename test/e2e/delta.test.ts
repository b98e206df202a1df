import { readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectSuccess } from './support/expectations.ts';
import { groupServer } from './support/group-server.ts';
import type { Program } from './support/program.ts';
import { sampleBytes, sha256 } from './support/sample.ts';
import { contents, type Stage } from './support/stage.ts';
import { it } from './support/staged.ts';

const MIB = 2 ** 20;

beforeAll(ensureBuilt);

describe.concurrent('a file that the receiver has already', () => {
  const server = groupServer();

  it('is left as it is when it is the same', async ({ stage }) => {
    const { file, out, old } = await scene(stage, sampleBytes(3 * MIB + 5));
    await writeFile(old, sampleBytes(3 * MIB + 5));
    const { atime, mtime } = await stat(file);
    await utimes(old, atime, mtime);
    const before = await stat(old, { bigint: true });
    const receiver = await transfer(stage, { file, out });
    expect(receiver.all('file')).toMatchObject([{ path: old, status: 'unchanged' }]);
    expectTravelled(receiver, 5000);
    const after = await stat(old, { bigint: true });
    expect([after.ino, after.ctimeNs]).toEqual([before.ino, before.ctimeNs]);
    expect(await contents(out)).toEqual(['sample.bin']);
  });

  it('is replaced when only its size and time are the same', async ({ stage }) => {
    const { file, out, old } = await scene(stage, sampleBytes(3 * MIB));
    await writeFile(old, sampleBytes(3 * MIB, 2));
    const { atime, mtime } = await stat(file);
    await utimes(old, atime, mtime);
    await transfer(stage, { file, out });
    expect(await sha256(old)).toBe(await sha256(file));
  });

  it('travels by its changes with --delta', async ({ stage }) => {
    const before = sampleBytes(8 * MIB);
    const after = Buffer.concat([sampleBytes(1000, 3), before.subarray(0, 5 * MIB), before]);
    const { file, out, old } = await scene(stage, after);
    await writeFile(old, before);
    const receiver = await transfer(stage, { file, out }, ['--delta']);
    expect(receiver.all('file')).toMatchObject([{ path: old, status: 'overwritten' }]);
    expectTravelled(receiver, MIB / 2);
    expect(await sha256(old)).toBe(await sha256(file));
    expect(await contents(out)).toEqual(['sample.bin']);
  });

  it('is kept beside its new version with --delta and rename', async ({ stage }) => {
    const before = sampleBytes(MIB);
    const { file, out, old } = await scene(stage, before.subarray(5000));
    await writeFile(old, before);
    await transfer(stage, { file, out }, ['--delta'], 'rename');
    expect(Buffer.compare(await readFile(old), before)).toBe(0);
    expect(await sha256(join(out, 'sample (1).bin'))).toBe(await sha256(file));
  });

  async function transfer(
    stage: Stage,
    { file, out }: { file: string; out: string },
    more: readonly string[] = [],
    policy = 'overwrite',
  ): Promise<Program> {
    const where = { server: server().endpoint };
    const sender = stage.send(file, where);
    const { code } = await sender.event('code');
    const flags = ['--on-conflict', policy, ...more];
    const receiver = stage.receive(code, { out, ...where, flags });
    await expectSuccess(sender, receiver);
    return receiver;
  }
});

function expectTravelled(receiver: Program, atMost: number): void {
  expect(receiver.all('done')).toHaveLength(1);
  expect(receiver.all('done')[0]?.travelledBytes).toBeLessThan(atMost);
}

async function scene(stage: Stage, bytes: Uint8Array) {
  const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
  const file = join(folder, 'sample.bin');
  await writeFile(`${file}.tmp`, bytes);
  await rename(`${file}.tmp`, file);
  return { file, out, old: join(out, basename(file)) };
}
