import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectSuccess } from './support/expectations.ts';
import { Lab, skipReason } from './support/lab.ts';
import { addresses, type HostName } from './support/lab-topology.ts';
import { type NatRecipe, nat } from './support/nat-recipes.ts';
import type { Program } from './support/program.ts';
import { sha256, writeSample } from './support/sample.ts';
import { Stage } from './support/stage.ts';

const reason = skipReason();
if (reason) console.warn(`nat-netns: skipped: ${reason}`);

const MIB = 2 ** 20;
/** From the start of a sender to its code, with all that a busy machine adds. */
const CODE_WITHIN_MS = 3_000;
/** Whatever the NATs, a path is there, and in the end the best one, before anybody looks up. */
const PATIENCE_MS = 3_000;

interface Pair {
  readonly sender: Program;
  readonly receiver: Program;
}

const stage = new Stage();
let lab: Lab;

beforeAll(ensureBuilt);
afterEach(() => stage.clear());

describe.skipIf(reason)('peers that meet at a server of the internet', () => {
  beforeAll(async () => {
    lab = await Lab.create();
  });
  afterAll(() => lab.down());

  it('punch through two port-restricted NATs', async () => {
    await homes(nat.portRestricted, nat.portRestricted);
    const pair = await transfer('a', 'b', await server());
    for (const program of [pair.sender, pair.receiver]) {
      const path = expectDirect(program);
      expect(['srflx', 'prflx']).toContain(path.via);
    }
  });

  it('relay through two symmetric NATs', async () => {
    await homes(nat.symmetric, nat.symmetric);
    const pair = await transfer('a', 'b', await server());
    for (const program of [pair.sender, pair.receiver]) {
      expect(program.all('done')).toMatchObject([{ path: 'relay' }]);
      expect(program.all('path').map(({ kind }) => kind)).not.toContain('direct');
    }
  });

  it.each([
    ['full cone', 'symmetric', nat.fullCone, nat.symmetric],
    ['symmetric', 'full cone', nat.symmetric, nat.fullCone],
  ])('punch through a %s NAT and a %s NAT', async (_a, _b, ofA, ofB) => {
    await homes(ofA, ofB);
    const pair = await transfer('a', 'b', await server());
    for (const program of [pair.sender, pair.receiver]) expectDirect(program);
  });

  it.each([
    ['sends to', 'p', 'a'],
    ['receives from', 'a', 'p'],
  ] as const)('go directly when a public host %s one behind a NAT', async (_does, from, to) => {
    await homes(nat.portRestricted, nat.none);
    const pair = await transfer(from, to, await server());
    for (const program of [pair.sender, pair.receiver]) expectDirect(program);
  });

  it.each([
    ['port-restricted', nat.portRestricted, nat.portRestricted, 1],
    ['symmetric', nat.symmetric, nat.fullCone, 2],
  ])('go on when a %s router forgets its mappings', async (_name, ofA, ofB, mappings) => {
    await homes(ofA, ofB);
    const meanwhile = async ({ receiver }: Pair) => {
      await receiver.event('progress', ({ bytes }) => bytes > 0);
      await lab.forget('ra');
    };
    const size = 128 * MIB;
    const { receiver } = await transfer('a', 'b', await server(), { size, meanwhile });
    const direct = receiver.all('path').filter(({ kind }) => kind === 'direct');
    const remotes = new Set(direct.map(({ remote }) => remote));
    expect(remotes.size).toBeGreaterThanOrEqual(mappings);
  });

  it('stay inside the network that they share', async () => {
    await homes(nat.portRestricted, nat.none);
    const pair = await transfer('a', 'a2', [...(await server()), '--no-lan']);
    expect(expectDirect(pair.sender)).toMatchObject({ via: 'host' });
    expect(expectDirect(pair.sender).remote).toMatch(`${addresses.a2}:`);
    expect(expectDirect(pair.receiver).remote).toMatch(`${addresses.a}:`);
  });
});

describe.skipIf(reason)('peers without a server', () => {
  beforeAll(async () => {
    lab = await Lab.create();
    await lab.exec('p', 'ip', ['link', 'delete', 'eth0']);
  });
  afterAll(() => lab.down());

  it('find each other on one machine that has no network', async () => {
    const pair = await transfer('p', 'p', []);
    expect(expectDirect(pair.sender).remote).toMatch('127.0.0.1:');
    expect(expectDirect(pair.receiver).remote).toMatch('127.0.0.1:');
  });

  it('find each other on one network', async () => {
    const pair = await transfer('a', 'a2', []);
    expect(expectDirect(pair.sender)).toMatchObject({ via: 'host' });
    expect(expectDirect(pair.sender).remote).toMatch(`${addresses.a2}:`);
    expect(expectDirect(pair.receiver).remote).toMatch(`${addresses.a}:`);
  });

  it('are told so when they are in two networks', async () => {
    const { code } = await offer('a', [], MIB);
    const out = await stage.folder();
    const flags = ['--timeout', '1s'];
    const receiver = stage.receive(code, { on: { lab, host: 'b' }, out, flags });
    expect(await receiver.exit()).toEqual({ code: 6, signal: null });
  });
});

/** Puts a router in front of each home. */
async function homes(ofA: NatRecipe, ofB: NatRecipe): Promise<void> {
  await Promise.all([lab.nat('ra', ofA), lab.nat('rb', ofB)]);
}

/** A server on the internet, as a flag. */
async function server(): Promise<string[]> {
  const listen = `${addresses.s[0]}:0`;
  const { endpoint } = await stage.server({ on: { lab, host: 's' }, listen });
  return ['--server', endpoint];
}

/** Sends a file from one host to another and holds what arrives against it. */
async function transfer(
  from: HostName,
  to: HostName,
  flags: readonly string[],
  options: { readonly size?: number; readonly meanwhile?: (pair: Pair) => Promise<void> } = {},
): Promise<Pair> {
  const { size = 8 * MIB, meanwhile } = options;
  const { sender, code, sum, folder } = await offer(from, flags, size);
  const out = join(folder, 'out');
  await mkdir(out);
  const receiver = stage.receive(code, { on: { lab, host: to }, out, flags });
  await meanwhile?.({ sender, receiver });
  await expectSuccess(sender, receiver);
  expect(await sha256(join(out, 'sample.bin'))).toBe(sum);
  report({ sender, receiver });
  return { sender, receiver };
}

async function offer(
  host: HostName,
  flags: readonly string[],
  size: number,
): Promise<{ sender: Program; code: string; sum: string; folder: string }> {
  const folder = await stage.folder();
  const file = join(folder, 'sample.bin');
  const sum = await writeSample(file, size);
  const sender = stage.send(file, { on: { lab, host }, flags });
  const { code } = await sender.event('code');
  expect(sender.msTo('code')).toBeLessThan(CODE_WITHIN_MS);
  return { sender, code, sum, folder };
}

/** The path in use at the end, which is a direct one. */
function expectDirect(program: Program): ReturnType<typeof lastPath> {
  const path = lastPath(program);
  expect(path.kind).toBe('direct');
  expect(program.all('done')).toMatchObject([{ path: 'direct' }]);
  const joinedMs = program.msTo('peer') ?? 0;
  const directMs = program.msTo('path', (event) => 'kind' in event && event.kind === 'direct') ?? 0;
  expect(directMs - joinedMs).toBeLessThan(PATIENCE_MS);
  return path;
}

function lastPath(program: Program) {
  return program.all('path').at(-1) ?? expect.fail('no path');
}

/** How fast it was is not asserted, but worth seeing; `P2PSHARE_E2E_VERBOSE=1` shows all events. */
function report({ sender, receiver }: Pair): void {
  const { P2PSHARE_E2E_VERBOSE: verbose } = process.env;
  const ms = (receiver.msTo('file') ?? 0) - (receiver.msTo('progress') ?? 0);
  const paths = sender.all('path').map(({ via }) => via);
  const bytes = receiver.all('done')[0]?.bytes ?? 0;
  const rate = (bytes / ms / 1_000).toFixed(1);
  console.info(`${expect.getState().currentTestName}: ${rate} MB/s, ${paths.join(', then ')}`);
  if (verbose === '1') console.info(`${sender.timeline}\n\n${receiver.timeline}`);
}
