import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab, skipReason } from './support/lab.ts';
import { LabSocket } from './support/lab-socket.ts';
import {
  addresses,
  type ClientName,
  type HostName,
  type RouterName,
  sites,
} from './support/lab-topology.ts';
import { behaviourOf, type NatBehaviour } from './support/nat-behaviour.ts';
import { NatProbe } from './support/nat-probe.ts';
import { forgetful, type NatRecipe, nat } from './support/nat-recipes.ts';

const reason = skipReason();
if (reason) console.warn(`nat-lab: skipped: ${reason}`);

type Expected = Omit<NatBehaviour, 'addresses'>;

const independent = { mapping: 'endpoint', filtering: 'endpoint', ports: 'preserved' } as const;
const strict = { mapping: 'port', filtering: 'port', hairpin: false } as const;

/** What each recipe is, as RFC 4787 has it: mapping, filtering, choice of ports, hairpin. */
const translations: readonly [NatRecipe, Expected][] = [
  [nat.fullCone, { ...independent, hairpin: false }],
  [nat.fullConeHairpin, { ...independent, hairpin: true }],
  [nat.fullConeRandomPort, { ...independent, ports: 'random', hairpin: false }],
  [nat.addressRestricted, { ...independent, filtering: 'address', hairpin: false }],
  [nat.portRestricted, { ...independent, filtering: 'port', hairpin: false }],
  [nat.portRestrictedHairpin, { ...independent, filtering: 'port', hairpin: true }],
  [nat.randomPort, { ...independent, filtering: 'port', ports: 'random', hairpin: false }],
  [nat.openRouter, { ...independent, filtering: 'port', hairpin: false }],
  [nat.symmetricUnfiltered, { ...strict, filtering: 'endpoint', ports: 'random' }],
  [nat.symmetricAddressRestricted, { ...strict, filtering: 'address', ports: 'random' }],
  [nat.symmetricSequential, { ...strict, ports: 'sequential' }],
  [nat.symmetricBlock512, { ...strict, ports: 512 }],
  [nat.symmetricBlock2048, { ...strict, ports: 2048 }],
  [nat.symmetric, { ...strict, ports: 'random' }],
  [nat.addressDependent, { ...strict, mapping: 'address', ports: 'random' }],
];

/** Who has a public address of its own can be told to talk to itself at it. */
const publicHosts: readonly [NatRecipe, Expected][] = [
  [nat.none, { ...independent, hairpin: true }],
  [nat.firewall, { ...independent, filtering: 'port', hairpin: true }],
];

let lab: Lab;
let probe: NatProbe;

beforeAll(async () => {
  if (reason) return;
  lab = await Lab.create();
  probe = await NatProbe.start(lab);
});
afterAll(() => lab?.down());

describe.skipIf(reason)('a recipe does what its name says:', () => {
  it.each(translations.map(([recipe, is]) => ({ name: recipe.name, recipe, is })))(
    '$name',
    async ({ recipe, is }) => {
      const seen = await seenBehind(recipe);
      expect(seen).toEqual([
        { ...is, addresses: [sites.ra.wan[0]] },
        { ...is, addresses: [sites.rb.wan[0]] },
      ]);
    },
  );

  it.each(publicHosts.map(([recipe, is]) => ({ name: recipe.name, recipe, is })))(
    '$name',
    async ({ recipe, is }) => {
      const seen = await seenBehind(recipe);
      expect(seen).toEqual([
        { ...is, addresses: ['198.51.100.130'] },
        { ...is, addresses: ['192.0.2.130'] },
      ]);
    },
  );

  it('one to one: the first client has a public address that all may write to', async () => {
    const [a, b] = await seenBehind(nat.oneToOne);
    expect(a).toMatchObject({ ...independent, addresses: [sites.ra.wan[1]] });
    expect(b).toMatchObject({ ...independent, addresses: [sites.rb.wan[1]] });
  });

  it('symmetric, pool of addresses: its destinations see it at one after the other', async () => {
    for (const [i, seen] of (await seenBehind(nat.symmetricPool)).entries()) {
      expect(seen).toMatchObject({ ...strict, ports: 'random' });
      expect(seen?.addresses).toEqual([sites.ra, sites.rb][i]?.wan);
    }
  });

  it.each([
    ['UDP blocked: any TCP gets out', nat.udpBlocked, true],
    ['web only: TCP to port 443 gets out', nat.webOnly, false],
  ])('%s', async (_name, recipe, anyPort) => {
    await lab.nat('ra', recipe);
    const { udp, tcp } = await probe.report('a');
    expect(udp).toBe(false);
    expect(tcp.anyPort !== null).toBe(anyPort);
    expect(tcp.webPort?.address).toBe(sites.ra.wan[0]);
  });

  it.each([
    [nat.fullCone, true],
    [nat.openRouter, true],
    [nat.symmetric, false],
    [nat.symmetricUnfiltered, false],
  ])('$name: whether TCP keeps its port is $1', async (recipe, keeps) => {
    await lab.nat('ra', recipe);
    const { tcp } = await probe.report('a');
    expect(tcp.anyPort?.address).toBe(sites.ra.wan[0]);
    expect(tcp.anyPort?.port === tcp.anyPort?.local).toBe(keeps);
  });

  /** How it looks to the first client of each home. */
  async function seenBehind(recipe: NatRecipe): Promise<(NatBehaviour | undefined)[]> {
    await Promise.all([lab.nat('ra', recipe), lab.nat('rb', recipe)]);
    return Promise.all([behaviour('a'), behaviour('b')]);
  }
});

describe.skipIf(reason)('a router', () => {
  it.each([
    ['keeps the port of a client for whom a stranger came too early', nat.portRestricted, true],
    ['does not, if it is open: the stranger has taken it', nat.openRouter, false],
  ])('%s', async (_does, recipe, keeps) => {
    await lab.nat('ra', recipe);
    const [client, stranger] = await sockets('a', 'p');
    await stranger.send('too early', { address: sites.ra.wan[0], port: client.port });
    await client.send('here I am', { address: addresses.p, port: stranger.port });
    const { port } = await stranger.receive();
    expect(port === client.port).toBe(keeps);
  });

  it.each([nat.portRestricted, nat.fullCone])(
    'forgets mappings when told to: $name',
    async (recipe) => {
      await lab.nat('ra', recipe);
      const [client, friend] = await sockets('a', 'p');
      const to = { address: addresses.p, port: friend.port };
      await client.send('remember me', to);
      const mapped = await friend.receive();
      await lab.forget('ra');
      await friend.send('do you?', mapped);
      await client.send('again', to);
      await friend.send('now I do', await friend.receive());
      expect(await client.receive()).toMatchObject({ text: 'now I do' });
    },
  );

  it('gives a client another port when a symmetric one has forgotten it', async () => {
    await lab.nat('ra', nat.symmetric);
    const [client, friend] = await sockets('a', 'p');
    const to = { address: addresses.p, port: friend.port };
    await client.send('before', to);
    const before = await friend.receive();
    await lab.forget('ra');
    await client.send('after', to);
    expect((await friend.receive()).port).not.toBe(before.port);
  });

  it('forgets idle mappings when it is forgetful, and keeps them for longer otherwise', async () => {
    await lab.nat('ra', forgetful(nat.portRestricted, 1));
    await probe.place('a');
    await expect.poll(() => connections('ra'), { timeout: 10_000 }).toBe('');
    await lab.nat('ra', nat.portRestricted);
    await probe.place('a');
    const [, seconds] = /^udp +17 (\d+) /m.exec(await connections('ra')) ?? [];
    expect(Number(seconds)).toBeGreaterThan(20);
  });
});

describe.skipIf(reason)('the network', () => {
  it('lets a packet of two hops open its own router, and come no further', async () => {
    await lab.nat('ra', nat.portRestricted);
    const [client, friend] = await sockets('a', 'p');
    const to = { address: addresses.p, port: friend.port };
    await client.send('opener', to, 2);
    await friend.send('come in', { address: sites.ra.wan[0], port: client.port });
    expect(await client.receive()).toMatchObject({ text: 'come in' });
    await client.send('after it', to);
    expect(await friend.receive()).toMatchObject({ text: 'after it' });
  });

  it('lets clients of one router reach each other, unless they are isolated', async () => {
    await lab.nat('ra', nat.portRestricted);
    const [client, neighbour] = await sockets('a', 'a2');
    const to = { address: addresses.a2, port: neighbour.port };
    await client.send('before', to);
    await lab.isolateClients('ra', true);
    await client.send('isolated', to);
    await lab.isolateClients('ra', false);
    await client.send('after', to);
    const heard = [await neighbour.receive(), await neighbour.receive()];
    expect(heard.map(({ text }) => text)).toEqual(['before', 'after']);
  });

  it('keeps private addresses private', async () => {
    const route = (to: string) => lab.exec('core', 'ip', ['route', 'get', to]);
    expect(await route(sites.rb.wan[0])).toContain('dev to-rb');
    for (const address of [addresses.b, sites.h1.wan[0]]) {
      await expect(route(address)).rejects.toThrow('Invalid argument');
    }
  });
});

describe.skipIf(reason)('a home behind a carrier NAT', () => {
  beforeAll(async () => {
    await Promise.all([lab.nat('h1', nat.portRestricted), lab.nat('h2', nat.portRestricted)]);
  });

  it('is seen at the address of the carrier', async () => {
    await lab.nat('cgn', nat.portRestricted);
    const addresses = [sites.cgn.wan[0]];
    const is = { ...independent, filtering: 'port', hairpin: false, addresses };
    expect([await behaviour('c1'), await behaviour('c2')]).toEqual([is, is]);
  });

  it('is as symmetric as the carrier', async () => {
    await lab.nat('cgn', nat.symmetric);
    expect(await behaviour('c1')).toMatchObject({ ...strict, ports: 'random' });
  });
});

describe.skipIf(reason)('the life of a laboratory', () => {
  it('leaves no namespace and no process behind', async () => {
    const short = await Lab.create();
    const child = short.run('a', 'sleep', ['600']);
    await once(child, 'spawn');
    const prefix = short.namespace('core').replace('core', '');
    expect(namespaces()).toContain(prefix);
    await short.down();
    expect(child.signalCode).toBe('SIGKILL');
    expect(namespaces()).not.toContain(prefix);
  });

  it('gives the pid of the command itself', async () => {
    const short = await Lab.create();
    const child = short.run('a', 'sh', ['-c', 'echo $$']);
    const [printed] = await once(child.stdout ?? expect.fail('no pipe'), 'data');
    expect(Number(printed)).toBe(child.pid);
    await short.down();
  });

  it('removes what a process that was killed has left', async () => {
    const dead = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
    const stale = `p2p${dead}-1-core`;
    execFileSync('ip', ['netns', 'add', stale]);
    const next = await Lab.create();
    expect(namespaces()).not.toContain(stale);
    await next.down();
  });
});

async function behaviour(host: ClientName): Promise<NatBehaviour | undefined> {
  const report = await probe.report(host);
  // The ports below are those of services, which nobody takes for a peer's.
  if (report.udp) expect(Math.min(...report.sockets.map(({ port }) => port))).toBeGreaterThan(1023);
  return behaviourOf(report);
}

function sockets(...hosts: [HostName, HostName]): Promise<[LabSocket, LabSocket]> {
  const [one, other] = hosts;
  return Promise.all([LabSocket.open(lab, one), LabSocket.open(lab, other)]);
}

function connections(router: RouterName): Promise<string> {
  return lab.exec(router, 'conntrack', ['-L', '-p', 'udp']);
}

function namespaces(): string {
  return execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });
}
