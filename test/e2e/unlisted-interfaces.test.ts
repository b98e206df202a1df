import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { writeSample } from './support/sample.ts';
import { contents } from './support/stage.ts';
import { it } from './support/staged.ts';

/** What Node does where getifaddrs(3) fails: on Android, or without netlink sockets. */
const REFUSAL = `
import os from 'node:os';
import { syncBuiltinESMExports } from 'node:module';
os.networkInterfaces = () => {
  throw new Error('uv_interface_addresses returned Unknown system error 97');
};
syncBuiltinESMExports();
`;
const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(REFUSAL)}` };

beforeAll(ensureBuilt);

describe('where the system does not list its interfaces', () => {
  it('a server runs on every address, and files come from one side to the other', async ({
    stage,
  }) => {
    const { endpoint } = await stage.server({ listen: '0.0.0.0:0', env });
    const server = endpoint.replace('0.0.0.0', '127.0.0.1');
    const path = join(await stage.folder(), 'sample.bin');
    await writeSample(path, 100_000);
    const sender = stage.send(path, { server, env });
    const { code } = await sender.event('code');
    const out = await stage.folder();
    const receiver = stage.receive(code, { server, out, env });
    expect(await receiver.exit()).toMatchObject({ code: 0 });
    expect(await sender.exit()).toMatchObject({ code: 0 });
    expect(receiver.all('done')).toMatchObject([{ path: 'direct' }]);
    expect(await contents(out)).toHaveLength(1);
  });
});
