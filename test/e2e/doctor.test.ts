import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  NatDiagnosis,
  PairDiagnosis,
  PathPrediction,
} from '../../src/client/api/diagnosis.ts';
import type { PathKind } from '../../src/client/api/events.ts';
import { udpOffload } from '../../src/io/network/udp-offload.ts';
import { predictPath } from '../../src/protocol/path/path-prediction.ts';
import { ensureBuilt } from './support/build.ts';
import { Lab, skipReason } from './support/lab.ts';
import { addresses, type HostName, sites } from './support/lab-topology.ts';
import { cells, type Letter } from './support/nat-matrix.ts';
import { type NatRecipe, nat } from './support/nat-recipes.ts';
import type { EventOf } from './support/program.ts';
import { Stage } from './support/stage.ts';

const reason = skipReason();
const offload = await udpOffload();
if (reason) console.warn(`doctor: skipped: ${reason}`);

/** What it promises to take at most, and the start of a process on a busy machine. */
const PATIENCE_MS = 20_000;

const EIM = 'endpoint-independent';
const ADM = 'address-dependent';
const APDM = 'address-and-port-dependent';

type Expected = Pick<NatDiagnosis, 'mapping' | 'filtering' | 'hairpin'> & {
  readonly ports: NatDiagnosis['allocation']['kind'];
};

/** What is to be said of each recipe: mapping, filtering, choice of ports, hairpinning. */
const translations: readonly (readonly [NatRecipe, Expected])[] = [
  says(nat.fullCone, EIM, EIM, 'preserving'),
  says(nat.fullConeHairpin, EIM, EIM, 'preserving', true),
  says(nat.fullConeRandomPort, EIM, EIM, 'random'),
  says(nat.addressRestricted, EIM, ADM, 'preserving'),
  says(nat.portRestricted, EIM, APDM, 'preserving'),
  says(nat.portRestrictedHairpin, EIM, APDM, 'preserving', true),
  says(nat.randomPort, EIM, APDM, 'random'),
  says(nat.openRouter, EIM, APDM, 'preserving'),
  says(nat.symmetricUnfiltered, APDM, EIM, 'random'),
  says(nat.symmetricAddressRestricted, APDM, ADM, 'random'),
  says(nat.symmetricSequential, APDM, APDM, 'sequential'),
  says(nat.symmetricBlock512, APDM, APDM, 'block'),
  says(nat.symmetricBlock2048, APDM, APDM, 'block'),
  says(nat.symmetric, APDM, APDM, 'random'),
  says(nat.addressDependent, ADM, APDM, 'random'),
];

function says(
  recipe: NatRecipe,
  mapping: Expected['mapping'],
  filtering: Expected['filtering'],
  ports: Expected['ports'],
  hairpin = false,
): readonly [NatRecipe, Expected] {
  return [recipe, { mapping, filtering, ports, hairpin }];
}

const stage = new Stage();
let lab: Lab;
let server: string;
/** What was found behind each recipe. */
const found = new Map<NatRecipe, NatDiagnosis>();

beforeAll(async () => {
  if (reason) return;
  await ensureBuilt();
  lab = await Lab.create();
  const listen = addresses.s.map((address) => `${address}:0`);
  ({ endpoint: server } = await stage.server({ on: { lab, host: 's' }, listen }));
});
afterAll(async () => {
  await stage.clear();
  await lab?.down();
});

describe.skipIf(reason)('the doctor names', () => {
  it.each(translations.map(([recipe, is]) => ({ name: recipe.name, recipe, is })))(
    '$name',
    async ({ recipe, is }) => {
      const { allocation, ...rest } = await behind(recipe);
      const { ports, ...others } = is;
      expect(rest).toEqual({
        ...others,
        scope: 'internet',
        translated: true,
        publicAddresses: [sites.ra.wan[0]],
        serverAddresses: 2,
      });
      expect(allocation.kind).toBe(ports);
    },
  );

  it('the step of a sequence, and about the ends of a block', async () => {
    const sequence = found.get(nat.symmetricSequential) ?? (await behind(nat.symmetricSequential));
    expect(sequence.allocation).toEqual({ kind: 'sequential', step: 1 });
    const block = found.get(nat.symmetricBlock512) ?? (await behind(nat.symmetricBlock512));
    const { allocation } = block;
    if (allocation.kind !== 'block') expect.fail('no block');
    expect(Math.abs(allocation.low - 20_000)).toBeLessThan(400);
    expect(Math.abs(allocation.high - 20_511)).toBeLessThan(400);
  });

  it('a public address, and a firewall in front of one', async () => {
    const [open, walled] = [await behind(nat.none), await behind(nat.firewall)];
    for (const diagnosis of [open, walled]) {
      expect(diagnosis).toMatchObject({ translated: false, publicAddresses: ['198.51.100.130'] });
      expect(diagnosis).toMatchObject({ mapping: EIM, allocation: { kind: 'preserving' } });
    }
    expect([open.filtering, walled.filtering]).toEqual([EIM, APDM]);
  });

  it('a public address that is of one machine alone', async () => {
    const diagnosis = await behind(nat.oneToOne);
    expect(diagnosis).toMatchObject({ mapping: EIM, filtering: EIM, translated: true });
    expect(diagnosis.publicAddresses).toEqual([sites.ra.wan[1]]);
  });

  it('a pool of addresses', async () => {
    const { publicAddresses, mapping, allocation } = await behind(nat.symmetricPool);
    expect([...publicAddresses].sort()).toEqual(sites.ra.wan);
    expect({ mapping, ports: allocation.kind }).toEqual({ mapping: APDM, ports: 'random' });
  });

  it('the NAT of a carrier behind that of a home', async () => {
    await Promise.all([lab.nat('h1', nat.portRestricted), lab.nat('cgn', nat.symmetric)]);
    const { nat: both } = await diagnosis('c1');
    const publicAddresses = [sites.cgn.wan[0]];
    expect(both).toMatchObject({ mapping: APDM, filtering: APDM, publicAddresses });
    expect(both?.allocation.kind).toBe('random');
  });
});

describe.skipIf(reason)('two doctors', () => {
  it.each<[string, NatRecipe, NatRecipe, PairDiagnosis['expect'], PathKind]>([
    ['ordinary homes', nat.portRestricted, nat.portRestricted, 'direct', 'direct'],
    ['two that count', nat.symmetricSequential, nat.symmetricSequential, 'predicted', 'direct'],
    ['a home and any port', nat.portRestricted, nat.symmetric, 'searched', 'direct'],
    ['any port on both sides', nat.symmetric, nat.symmetric, 'relayed', 'relay'],
    ['no UDP on one side', nat.udpBlocked, nat.portRestricted, 'tcp', 'direct'],
    ['no UDP, and any port', nat.udpBlocked, nat.symmetric, 'relayed', 'relay'],
  ])('foretell the way to each other, and find it: %s', async (_what, ofA, ofB, expected, kind) => {
    const [a, b] = await examine(ofA, ofB);
    for (const side of [a, b]) {
      expect(side).toMatchObject({ expect: expected, path: { kind } });
    }
    expect(a?.peer).toEqual(b?.own);
    expect(b?.peer).toEqual(a?.own);
  });
});

/** What a letter of the matrix promises; where UDP is blocked, nothing is known to predict from. */
const PROMISES: Partial<Record<Letter, PathPrediction>> = {
  ...{ D: 'direct', 'D^': 'direct', P: 'predicted', 'P^': 'predicted' },
  ...{ B: 'searched', 'B^': 'searched', K: 'searched', L: 'searched' },
  ...{ k: 'relayed', R: 'relayed' },
};

describe.skipIf(reason)('the doctor predicts', () => {
  it('for every pair of NATs, from what it found, what the matrix has', async () => {
    const promised = cells.filter(({ letter }) => PROMISES[letter] !== undefined);
    for (const recipe of new Set(promised.map(({ sender }) => sender.recipe))) {
      if (!found.has(recipe)) await behind(recipe);
    }
    const predicted = promised.map(({ sender, receiver, letter }) => {
      const [own, peer] = [found.get(sender.recipe), found.get(receiver.recipe)];
      const path = own && peer && predictPath(own, peer);
      return { pair: `${sender.label} to ${receiver.label}`, path, promise: PROMISES[letter] };
    });
    expect(predicted.length).toBeGreaterThan(200);
    expect(predicted.filter(({ path, promise }) => path !== promise)).toEqual([]);
  });
});

describe.skipIf(reason)('the doctor says', () => {
  it('of a network without UDP that a WebSocket stands in for it, and is content', async () => {
    await lab.nat('ra', nat.udpBlocked);
    const doctor = stage.start(['doctor', '--json', '--server', server], {
      on: { lab, host: 'a' },
    });
    const { servers, nat: none, expect: nothing } = await doctor.event('diagnosis');
    const [endpoint] = servers[0]?.endpoints ?? [];
    expect(endpoint).toMatchObject({ udp: 'unanswered', observed: null, rtt: null, mtu: null });
    expect(endpoint?.tcp).toBe('accepted');
    expect(servers[0]?.stream).toEqual({ works: true, tls: false, proxied: false });
    expect({ none, nothing }).toEqual({ none: null, nothing: [] });
    expect(await doctor.exit()).toEqual({ code: 0, signal: null });
  });

  it('of a network that lets web pages through that TCP gets nowhere else either', async () => {
    await lab.nat('ra', nat.webOnly);
    const { servers } = await diagnosis('a');
    expect(servers[0]?.endpoints).toMatchObject([{ udp: 'unanswered', tcp: 'unanswered' }]);
  });

  it.skipIf(offload === undefined)('which datagrams get through on the way', async () => {
    await lab.nat('ra', nat.portRestricted);
    expect(mtuOf(await diagnosis('a'))).toBe(1500);
    await lab.exec('ra', 'ip', ['link', 'set', 'wan', 'mtu', '1410']);
    try {
      expect(mtuOf(await diagnosis('a'))).toBe(1400);
    } finally {
      await lab.exec('ra', 'ip', ['link', 'set', 'wan', 'mtu', '1500']);
    }
  });

  it('that IPv6 works, and that peers who have it are reached', async () => {
    await withIpv6();
    const { endpoint } = await stage.server({
      on: { lab, host: 's' },
      listen: ['[2001:db8:5::2]:0'],
    });
    const { ipv6, expect: expected } = await diagnosis('p', server, endpoint);
    expect(ipv6).toBe('works');
    expect(expected).toContainEqual({ peer: 'ipv6', path: 'direct' });
  });

  it('without a server what it knows by itself', async () => {
    const doctor = stage.start(['doctor', '--json'], { on: { lab, host: 'b' } });
    const { interfaces, nat: none, advice } = await doctor.event('diagnosis');
    expect(interfaces).toContain(`${addresses.b}/24`);
    expect({ none, advice }).toEqual({ none: null, advice: ['name-a-server'] });
    expect(await doctor.exit()).toEqual({ code: 0, signal: null });
  });
});

/** What is said of the way to the internet behind a router that behaves so. */
async function behind(recipe: NatRecipe): Promise<NatDiagnosis> {
  await lab.nat('ra', recipe);
  const { nat: seen } = await diagnosis('a');
  if (seen === null) throw new Error(`nothing is known of ${recipe.name}`);
  found.set(recipe, seen);
  return seen;
}

/** Lets both homes' first clients examine the way to each other; yields what either found. */
async function examine(
  ofA: NatRecipe,
  ofB: NatRecipe,
  flags: readonly string[] = [],
): Promise<PairDiagnosis[]> {
  await Promise.all([lab.nat('ra', ofA), lab.nat('rb', ofB)]);
  const args = ['doctor', '--json', '--server', server, ...flags];
  const a = stage.start([...args, '--with-peer'], { on: { lab, host: 'a' } });
  const { code } = await a.event('code', undefined, PATIENCE_MS);
  const b = stage.start([...args, code], { on: { lab, host: 'b' } });
  const found = await Promise.all(
    [a, b].map((doctor) => doctor.event('diagnosis', undefined, 2 * PATIENCE_MS)),
  );
  return found.map(({ pair }) => pair as PairDiagnosis);
}

async function diagnosis(host: HostName, ...servers: string[]): Promise<EventOf<'diagnosis'>> {
  const named = servers.length > 0 ? servers : [server];
  const flags = named.flatMap((name) => ['--server', name]);
  const doctor = stage.start(['doctor', '--json', ...flags], { on: { lab, host } });
  return await doctor.event('diagnosis', () => true, PATIENCE_MS);
}

function mtuOf({ servers }: EventOf<'diagnosis'>): number | null | undefined {
  return servers[0]?.endpoints[0]?.mtu;
}

/** Gives the public host and the server addresses of IPv6, and a way to each other. */
async function withIpv6(): Promise<void> {
  const ends = [
    ['s', 'to-s', '2001:db8:5::'],
    ['p', 'to-p', '2001:db8:6::'],
  ] as const;
  await lab.exec('core', 'sysctl', ['-qw', 'net.ipv6.conf.all.forwarding=1']);
  for (const [host, device, subnet] of ends) {
    await lab.exec('core', 'ip', ['addr', 'add', `${subnet}1/64`, 'dev', device, 'nodad']);
    await lab.exec(host, 'ip', ['addr', 'add', `${subnet}2/64`, 'dev', 'eth0', 'nodad']);
    await lab.exec(host, 'ip', ['-6', 'route', 'add', 'default', 'via', `${subnet}1`]);
  }
}
