import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { Lab, skipReason } from './support/lab.ts';
import { addresses } from './support/lab-topology.ts';
import { MeasuredTransfer, makeSample } from './support/measured-transfer.ts';
import { nat } from './support/nat-recipes.ts';
import { Stage } from './support/stage.ts';

const reason = skipReason();
if (reason) console.warn(`nat-netns: skipped: ${reason}`);

const MIB = 2 ** 20;

const stage = new Stage();
let lab: Lab;

beforeAll(ensureBuilt);
afterEach(() => stage.clear());

describe.skipIf(reason)('peers that meet at a server of the internet', () => {
  beforeAll(async () => {
    lab = await Lab.create();
  });
  afterAll(() => lab.down());

  it.each([
    ['port-restricted', nat.portRestricted, nat.portRestricted, 1],
    ['symmetric', nat.symmetric, nat.fullCone, 2],
  ])('go on when a %s router forgets its mappings', async (_name, ofA, ofB, mappings) => {
    await Promise.all([lab.nat('ra', ofA), lab.nat('rb', ofB)]);
    const sample = await makeSample(stage, 128 * MIB);
    const flags = await server();
    const transfer = await MeasuredTransfer.begin(stage, lab, {
      from: 'a',
      to: 'b',
      sample,
      flags,
    });
    const { receiver } = transfer;
    await receiver.event('progress', ({ bytes }) => bytes > 0);
    await lab.forget('ra');
    await transfer.finish();
    const direct = receiver.all('path').filter(({ kind }) => kind === 'direct');
    const remotes = new Set(direct.map(({ remote }) => remote));
    expect(remotes.size).toBeGreaterThanOrEqual(mappings);
  });
});

describe.skipIf(reason)('peers without a server', () => {
  beforeAll(async () => {
    lab = await Lab.create();
    await lab.exec('p', 'ip', ['link', 'delete', 'eth0']);
  });
  afterAll(() => lab.down());

  it('find each other on one machine that has no network', async () => {
    const { sender, receiver } = await transfer('p', 'p');
    expect(sender.all('path').at(-1)?.remote).toMatch('127.0.0.1:');
    expect(receiver.all('path').at(-1)?.remote).toMatch('127.0.0.1:');
  });

  it('find each other on one network', async () => {
    const { sender, receiver } = await transfer('a', 'a2');
    expect(sender.all('path').at(-1)?.remote).toMatch(`${addresses.a2}:`);
    expect(receiver.all('path').at(-1)?.remote).toMatch(`${addresses.a}:`);
  });

  it('are told so when they are in two networks', async () => {
    const { path } = await makeSample(stage, MIB);
    const sender = stage.send(path, { on: { lab, host: 'a' } });
    const { code } = await sender.event('code');
    const out = await stage.folder();
    const flags = ['--timeout', '1s'];
    const receiver = stage.receive(code, { on: { lab, host: 'b' }, out, flags });
    expect(await receiver.exit()).toEqual({ code: 6, signal: null });
  });

  async function transfer(from: 'a' | 'p', to: 'a2' | 'p'): Promise<MeasuredTransfer> {
    const sample = await makeSample(stage, 8 * MIB);
    const running = await MeasuredTransfer.begin(stage, lab, { from, to, sample, flags: [] });
    expect(await running.finish()).toMatchObject({ path: 'direct', via: ['host'] });
    return running;
  }
});

/** A server on the internet, as a flag. */
async function server(): Promise<string[]> {
  const listen = addresses.s.map((address) => `${address}:0`);
  const { endpoint } = await stage.server({ on: { lab, host: 's' }, listen });
  return ['--server', endpoint];
}
