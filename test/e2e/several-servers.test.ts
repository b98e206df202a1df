import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectFailure, expectSuccess } from './support/expectations.ts';
import { sha256, writeSample } from './support/sample.ts';
import { Stage } from './support/stage.ts';

const MIB = 2 ** 20;
const stage = new Stage();

beforeAll(() => ensureBuilt());
afterEach(() => stage.clear());

describe('with several servers', () => {
  it('a transfer does not need those that are dead', async () => {
    const dead = await freePort();
    const { endpoint } = await stage.server();
    const { sender, receiver, arrived } = await transfer(MIB, [dead, endpoint]);
    await expectSuccess(sender, receiver);
    await arrived();
  });

  it('a relayed transfer goes on by another when its own is killed', async () => {
    const servers = [await stage.server(), await stage.server()];
    const endpoints = servers.map(({ endpoint }) => endpoint);
    const { sender, receiver, arrived } = await transfer(512 * MIB, endpoints, ['--relay-only']);
    await receiver.event('progress', ({ bytes }) => bytes > 0);
    const used = sender.all('path')[0]?.remote;
    const own = servers.find(({ endpoint }) => endpoint === used);
    await own?.program.end();
    await expectSuccess(sender, receiver);
    await arrived();
    expect(new Set(sender.all('path').map(({ remote }) => remote))).toEqual(new Set(endpoints));
  });

  it('a transfer fails when all of them are dead, and says so', async () => {
    const file = join(await stage.folder(), 'sample.bin');
    await writeSample(file, 1);
    const flags = named([await freePort(), await freePort()]);
    const sender = stage.send(file, { flags: ['--no-lan', ...flags] });
    await expectFailure(sender, { code: 'P2P_SERVER_UNREACHABLE', exit: 6 });
  });
});

async function transfer(bytes: number, endpoints: readonly string[], more: string[] = []) {
  const folder = await stage.folder();
  const file = join(folder, 'sample.bin');
  const sum = await writeSample(file, bytes);
  const flags = ['--no-lan', ...named(endpoints), ...more];
  const sender = stage.send(file, { flags });
  const { code } = await sender.event('code');
  const out = await stage.folder();
  const receiver = stage.receive(code, { out, flags });
  const arrived = async () => expect(await sha256(join(out, 'sample.bin'))).toBe(sum);
  return { sender, receiver, arrived };
}

function named(endpoints: readonly string[]): string[] {
  return endpoints.flatMap((endpoint) => ['--server', endpoint]);
}

/** An endpoint at which nobody is: a port that was free a moment ago. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `127.0.0.1:${address.port}`;
}
