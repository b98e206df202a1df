import { execFileSync, spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectFailure, expectSuccess } from './support/expectations.ts';
import { groupServer } from './support/group-server.ts';
import { sampleBytes } from './support/sample.ts';
import { contents } from './support/stage.ts';
import { it } from './support/staged.ts';
import { snapshot, writeTree } from './support/tree.ts';

beforeAll(ensureBuilt);

describe.concurrent('standard input', () => {
  const server = groupServer();

  it('is sent to its end, under the name that it is given', async ({ stage }) => {
    const [source, out] = await Promise.all([stage.folder(), stage.folder()]);
    await writeTree(source, 3 * 2 ** 20);
    const tar = spawn('tar', ['--create', '--directory', source, '.']);
    const where = { server: server().endpoint };
    const options = { ...where, flags: ['--name', 'x.tar'], input: tar.stdout };
    const sender = stage.send('-', options);
    const { code } = await sender.event('code');
    const receiver = stage.receive(code, { out, ...where });
    expect(await receiver.event('offer')).toMatchObject({ name: 'x.tar', bytes: null });
    await expectSuccess(sender, receiver);
    expect(await contents(out)).toEqual(['x.tar']);
    await mkdir(join(out, 'unpacked'));
    execFileSync('tar', ['--extract', '--file', join(out, 'x.tar'), '-C', join(out, 'unpacked')]);
    expect(Object.keys(await snapshot(join(out, 'unpacked')))).toEqual(
      Object.keys(await snapshot(source)),
    );
  });

  it.for([0, 1, 2 ** 20, 2 ** 20 + 1])('may hold %d bytes', async (length, { stage }) => {
    const out = await stage.folder();
    const bytes = sampleBytes(length);
    const where = { server: server().endpoint };
    const sender = stage.send('-', { ...where, input: Readable.from([bytes]) });
    const { code } = await sender.event('code');
    await expectSuccess(sender, stage.receive(code, { out, ...where }));
    expect(Buffer.compare(await readFile(join(out, 'stdin')), bytes)).toBe(0);
    expect(await contents(out)).toEqual(['stdin']);
  });

  it('that nobody reads at the other end any more ends both sides', async ({ stage }) => {
    const out = await stage.folder();
    const where = { server: server().endpoint };
    const endless = Readable.from(forever());
    const sender = stage.send('-', { ...where, input: endless });
    const { code } = await sender.event('code');
    const receiver = stage.receive(code, { out, ...where });
    await receiver.event('progress', ({ bytes }) => bytes > 2 ** 20);
    receiver.signal('SIGTERM');
    await expectFailure(sender, { code: 'P2P_CANCELLED', exit: 5 });
    await receiver.exit();
    // It cannot be gone on with: nothing stays.
    expect(await contents(out)).toEqual([]);
    endless.destroy();
  });

  function* forever(): Generator<Buffer> {
    for (;;) yield Buffer.alloc(65_536, 7);
  }
});
