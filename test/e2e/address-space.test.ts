import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process, { execPath } from 'node:process';
import { beforeAll, describe, expect } from 'vitest';
import { CLI, ensureBuilt } from './support/build.ts';
import { groupServer } from './support/group-server.ts';
import { writeSample } from './support/sample.ts';
import { it } from './support/staged.ts';

/** KiB. WebAssembly as it is by default reserves more than twice as much. */
const LIMIT = 4_000_000;

beforeAll(ensureBuilt);

describe.runIf(process.platform === 'linux')('where a process may have few addresses', () => {
  const server = groupServer();

  it('a file is sent and received', async ({ stage }) => {
    const folder = await stage.folder();
    const path = join(folder, 'sample.bin');
    await writeSample(path, 1_000_000);
    const limited = join(folder, 'limited.sh');
    await writeFile(limited, `ulimit -v ${LIMIT}; exec "${execPath}" "${CLI}" "$@"`);
    const options = { server: server().endpoint, execPath: 'sh', cli: limited };
    const sender = stage.send(path, options);
    const { code } = await sender.event('code');
    const receiver = stage.receive(code, { ...options, out: await stage.folder() });
    expect(await receiver.exit()).toMatchObject({ code: 0 });
    expect(await sender.exit()).toMatchObject({ code: 0 });
    expect(receiver.all('start')).toHaveLength(1);
  });
});
