import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Arena } from './support/arena.ts';
import { ensureBuilt } from './support/build.ts';
import { skipReason } from './support/lab.ts';
import { addresses, type RouterName } from './support/lab-topology.ts';
import { type Asked, MappingRouter, mappingSkipReason } from './support/mapping-router.ts';
import { crossAs } from './support/matrix-cell.ts';
import { nat } from './support/nat-recipes.ts';
import { Stage } from './support/stage.ts';

const reason = skipReason() ?? mappingSkipReason();
if (reason) console.warn(`port-mapping: skipped: ${reason}`);

/** The letters' limits are for a machine that has nothing else to do. */
const SLACK = 5;

/** A free address in the network of the first home. */
const ELSEWHERE = '10.0.1.77';

const stage = new Stage();
const routers: MappingRouter[] = [];
let arena: Arena;

describe.skipIf(reason)('two peers behind symmetric NATs of random ports', () => {
  beforeAll(async () => {
    await ensureBuilt();
    arena = await Arena.create();
  });
  afterEach(async () => {
    for (const router of routers.splice(0)) await router.stop();
    await stage.clear();
  });
  afterAll(() => arena.close());

  it.each<[string, Asked, Asked | undefined]>([
    ['by PCP and NAT-PMP', 'datagrams', 'datagrams'],
    ['by UPnP', 'upnp', 'upnp'],
    ['at the side of one of them', 'both', undefined],
  ])('meet when the router is asked %s, and leave nothing there', async (_how, ofA, ofB) => {
    await home('ra', ofA);
    await home('rb', ofB);
    const crossed = await crossAs('D', arena, ['a', 'b'], SLACK);
    expect(crossed.path).toBe('direct');
    for (const router of routers) expect(await router.ports()).toEqual([]);
  });

  it('are relayed when they do not want it to be asked', async () => {
    await home('ra', 'both');
    await home('rb', 'both');
    const crossed = await arena.cross('a', 'b', { flags: ['--no-port-mapping'] });
    expect(crossed.path).toBe('relay');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('end the mapping on %s', async (signal) => {
    const router = await home('ra', 'both');
    const { lab } = arena;
    const listen = `${addresses.s[0]}:0`;
    const { endpoint } = await stage.server({ on: { lab, host: 's' }, listen });
    const sender = stage.send(process.execPath, { on: { lab, host: 'a' }, server: endpoint });
    await sender.event('code');
    await until(async () => (await router?.ports())?.length === 1);
    sender.signal(signal);
    await sender.exit();
    expect(await router?.ports()).toEqual([]);
  });

  it('ask again when their address is another one', async () => {
    const router = await home('ra', 'datagrams');
    const { lab } = arena;
    const listen = `${addresses.s[0]}:0`;
    const { endpoint } = await stage.server({ on: { lab, host: 's' }, listen });
    const sender = stage.send(process.execPath, { on: { lab, host: 'a' }, server: endpoint });
    await sender.event('code');
    await until(async () => (await router?.clients())?.includes(addresses.a) === true);
    try {
      await move(ELSEWHERE);
      await until(async () => (await router?.clients())?.includes(ELSEWHERE) === true);
    } finally {
      await move(addresses.a);
    }
  });

  it('are told by the doctor what the router can be asked, and what to expect of it', async () => {
    await home('ra', 'both');
    const { lab } = arena;
    const listen = `${addresses.s[0]}:0`;
    const { endpoint } = await stage.server({ on: { lab, host: 's' }, listen });
    const doctor = stage.start(['doctor', '--json', '--server', endpoint], {
      on: { lab, host: 'a' },
    });
    const { portMapping, expect: expected } = await doctor.event('diagnosis', undefined, 20_000);
    expect(portMapping).toEqual(['pcp', 'nat-pmp', 'upnp']);
    expect(new Set(expected.map(({ path }) => path))).toEqual(new Set(['direct']));
  });
});

async function home(
  name: RouterName,
  asked: Asked | undefined,
): Promise<MappingRouter | undefined> {
  if (asked === undefined) {
    await arena.lab.nat(name, nat.symmetric);
    return undefined;
  }
  const router = await MappingRouter.start(arena.lab, name, {
    folder: await stage.folder(),
    asked,
  });
  routers.push(router);
  return router;
}

/** Gives the first client of one home another address in its network. */
async function move(to: string): Promise<void> {
  const commands = [
    'addr flush dev eth0 scope global',
    `addr add ${to}/24 dev eth0`,
    'route replace default via 10.0.1.1',
  ];
  await arena.lab.exec('a', 'ip', ['-batch', '-'], commands.join('\n'));
}

/** Asks again until it is so; the test's own time limit ends it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}
