import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { certificateFiles } from '../support/certificate.ts';
import { ensureBuilt } from './support/build.ts';
import { expectSuccess } from './support/expectations.ts';
import { firewalls, PROXY } from './support/firewall-recipes.ts';
import { Lab, skipReason } from './support/lab.ts';
import { addresses, type HostName } from './support/lab-topology.ts';
import { type NatRecipe, nat } from './support/nat-recipes.ts';
import type { Program } from './support/program.ts';
import { sha256, writeSample } from './support/sample.ts';
import { Stage } from './support/stage.ts';

const reason = skipReason();
if (reason) console.warn(`udp-blocked: skipped: ${reason}`);

const MIB = 2 ** 20;
/** From the start of the receiver to the first byte of the file. */
const FLOWS_WITHIN_MS = 5_000;

const stage = new Stage();
const proxies: ChildProcess[] = [];
let lab: Lab;

interface Pair {
  readonly sender: Program;
  readonly receiver: Program;
}

/** How a side comes to the server, beyond what the lab says. */
interface Side {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

describe.skipIf(reason)('peers of whom UDP is blocked', () => {
  beforeAll(async () => {
    await ensureBuilt();
    lab = await Lab.create();
  });
  afterEach(() => stage.clear());
  afterAll(() => lab.down());

  it.each([
    ['the sender', firewalls.udpBlocked, nat.portRestricted, 'relay-tcp', 'relay-udp'],
    ['the receiver', nat.portRestricted, firewalls.udpBlocked, 'relay-udp', 'relay-tcp'],
    ['both', firewalls.udpBlocked, firewalls.udpBlocked, 'relay-tcp', 'relay-tcp'],
  ])('for %s meet and relay by TCP', async (_who, ofA, ofB, viaA, viaB) => {
    await homes(ofA, ofB);
    const pair = await transfer('a', 'b', await server());
    expectViaOrTcp(pair.sender, viaA);
    expectViaOrTcp(pair.receiver, viaB);
  });

  it('are told by --no-udp where nothing blocks it, and then use none of it', async () => {
    await homes(nat.portRestricted, nat.portRestricted);
    const sending = { flags: ['--no-udp'] };
    const pair = await transfer('a', 'b', await server(), { sending });
    expectViaOrTcp(pair.sender, 'relay-tcp');
    expectViaOrTcp(pair.receiver, 'relay-udp');
  });

  it.each([
    ['plain', ''],
    ['with TLS', 'wss://'],
  ])('meet at port 443 where nothing but the web is let through, %s', async (_how, scheme) => {
    await homes(firewalls.webOnly, firewalls.webOnly);
    const side = { env: { NODE_EXTRA_CA_CERTS: certificateFiles.cert } };
    const flags = await server(443, scheme);
    const pair = await transfer('a', 'b', flags, { sending: side, receiving: side });
    expectVia(pair.sender, 'relay-tcp');
    expectVia(pair.receiver, 'relay-tcp');
  });

  it('are told so when the server does not answer at all', async () => {
    await homes(firewalls.udpBlocked, firewalls.udpBlocked);
    const { code, end } = await failure('a', ['--server', `${addresses.p}:9420`, '--verbose']);
    expect(code).toBe(6);
    expect(end).toMatch(`cause: connect ECONNREFUSED ${addresses.p}:9420`);
    expect(end).toMatch('UDP got no answer either');
  });
});

describe.skipIf(reason)('peers that have nothing but a proxy', () => {
  beforeAll(async () => {
    await ensureBuilt();
    lab = await Lab.create();
    await homes(firewalls.proxyOnly, firewalls.proxyOnly);
  });
  afterEach(() => stage.clear());
  afterAll(() => lab.down());

  afterEach(async () => {
    for (const proxy of proxies.splice(0)) {
      const exit = once(proxy, 'exit');
      proxy.kill('SIGKILL');
      await exit;
    }
  });

  it.each([
    ['http', 'HTTPS_PROXY', 'user:password@', [`${addresses.s[0]}:9420`]],
    ['socks5', 'ALL_PROXY', '', [`${addresses.s[0]}:9420`]],
  ] as const)('go through it: %s', async (kind, variable, user, targets) => {
    const proxy = await startProxy(kind);
    const side = { env: { [variable]: `${kind}://${user}${PROXY.host}:${PROXY.port}` } };
    const flags = await server(9420);
    const pair = await transfer('a', 'b', flags, { sending: side, receiving: side });
    expectVia(pair.sender, 'relay-tcp');
    expectVia(pair.receiver, 'relay-tcp');
    expect(new Set(proxy.targets)).toEqual(new Set(targets));
  });

  it('leave the name of the server to it', async () => {
    const proxy = await startProxy('http', `share.example=${addresses.s[0]}`);
    const side = { env: { HTTPS_PROXY: `http://${PROXY.host}:${PROXY.port}` } };
    await server(9420);
    const flags = ['--server', 'share.example'];
    const pair = await transfer('a', 'b', flags, { sending: side, receiving: side });
    expectVia(pair.receiver, 'relay-tcp');
    expect(new Set(proxy.targets)).toEqual(new Set(['share.example:9420']));
  });

  it('end in time when it does not let them through', async () => {
    const env = { HTTPS_PROXY: `http://${PROXY.host}:${PROXY.port}` };
    await startProxy('http', `nobody.example=${addresses.p}`);
    const { code, end } = await failure('a', ['--server', 'nobody.example', '--verbose'], env);
    expect(code).toBe(6);
    expect(end).toMatch('hang up');
  });
});

/** A proxy on the public host, and whom it connected its clients with. */
async function startProxy(
  kind: 'http' | 'socks5',
  ...names: string[]
): Promise<{ targets: string[] }> {
  const script = join(import.meta.dirname, '../support/proxies.mjs');
  const args = [script, kind, String(PROXY.port), ...names];
  const child = lab.run('p', process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  proxies.push(child);
  const targets: string[] = [];
  const lines = createInterface(child.stdout as Readable);
  lines.on('line', (line) => {
    const { target } = JSON.parse(line) as { target?: string };
    if (target !== undefined) targets.push(target);
  });
  await once(lines, 'line');
  return { targets };
}

/** Runs a sender that must fail; yields its exit code and what it said. */
async function failure(
  host: HostName,
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; end: string }> {
  const file = join(await stage.folder(), 'sample.bin');
  await writeSample(file, MIB);
  const sender = stage.send(file, { on: { lab, host }, flags, env });
  const { code } = await sender.exit(30_000);
  return { code, end: sender.stderr };
}

async function homes(ofA: NatRecipe, ofB: NatRecipe): Promise<void> {
  await Promise.all([lab.nat('ra', ofA), lab.nat('rb', ofB)]);
}

/** A server on the internet, as flags of a client. */
async function server(port = 0, scheme = ''): Promise<string[]> {
  const listen = `${addresses.s[0]}:${port}`;
  const tls = ['--tls-cert', certificateFiles.cert, '--tls-key', certificateFiles.key];
  const { endpoint } = await stage.server({ on: { lab, host: 's' }, listen, flags: tls });
  // The port of `wss:` is the one that it has by itself.
  return ['--server', `${scheme}${port === 443 && scheme ? addresses.s[0] : endpoint}`];
}

async function transfer(
  from: HostName,
  to: HostName,
  flags: readonly string[],
  options: { readonly sending?: Side; readonly receiving?: Side; readonly size?: number } = {},
): Promise<Pair> {
  const { sending = {}, receiving = {}, size = 8 * MIB } = options;
  const folder = await stage.folder();
  const file = join(folder, 'sample.bin');
  const sum = await writeSample(file, size);
  const sender = stage.send(file, {
    on: { lab, host: from },
    ...sending,
    flags: [...flags, ...(sending.flags ?? [])],
  });
  const { code } = await sender.event('code');
  const out = join(folder, 'out');
  await mkdir(out);
  const receiver = stage.receive(code, {
    on: { lab, host: to },
    out,
    ...receiving,
    flags: [...flags, ...(receiving.flags ?? [])],
  });
  await expectSuccess(sender, receiver);
  expect(await sha256(join(out, 'sample.bin'))).toBe(sum);
  report({ sender, receiver });
  return { sender, receiver };
}

/** The one kind of path that it used. */
function expectVia(program: Program, via: string): void {
  expect(viasOf(program)).toEqual([via]);
}

/**
 * The relayed path that it used, and the direct one by TCP, if that was found while there was time:
 * it may be found first, and be left for the moment in which the other side has not found it yet.
 */
function expectViaOrTcp(program: Program, via: string): void {
  const vias = viasOf(program);
  expect(vias).not.toEqual([]);
  for (const used of vias) expect([via, 'tcp']).toContain(used);
}

function viasOf(program: Program): string[] {
  return program.all('path').map((path) => path.via);
}

function report({ sender, receiver }: Pair): void {
  const { P2PSHARE_E2E_VERBOSE: verbose } = process.env;
  const codeMs = sender.msTo('code') ?? 0;
  const flowsMs = receiver.msTo('progress', (event) => 'total' in event && event.bytes > 0) ?? 0;
  expect(flowsMs).toBeLessThan(FLOWS_WITHIN_MS);
  const name = expect.getState().currentTestName;
  console.info(
    `${name}: code after ${codeMs.toFixed()} ms, first bytes after ${flowsMs.toFixed()} ms`,
  );
  if (verbose === '1') {
    console.info(`${sender.timeline}\n\n${receiver.timeline}`);
  }
}
