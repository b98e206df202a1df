import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab, skipReason } from './support/lab.ts';
import { addresses, type HostName, routers } from './support/lab-topology.ts';
import { nat } from './support/nat-recipes.ts';

const reason = skipReason();
if (reason) console.warn(`nat-lab: skipped: ${reason}`);

const probe = fileURLToPath(new URL('support/nat-probe.mjs', import.meta.url));
const servers = [...addresses.s, '3478', '3479'];

interface Report {
  readonly local: number;
  /** Where the server saw one socket come from, at two addresses and two ports. */
  readonly mapped: readonly { address: string; port: number }[];
  readonly filtering: 'endpoint' | 'address' | 'port';
}

const sides = [
  ['a', 'ra'],
  ['b', 'rb'],
] as const;

let lab: Lab;

describe.skipIf(reason)('the NAT laboratory', () => {
  beforeAll(async () => {
    lab = await Lab.create();
    const server = lab.run('s', process.execPath, [probe, 'server', ...servers]);
    await once(server.stdout ?? expect.fail('no pipe'), 'data');
  });

  afterAll(() => lab.down());

  describe.each(sides)('%s behind %s', (host, router) => {
    it('is seen as it is, and reached by everybody, without NAT', async () => {
      await lab.nat(router, nat.none);
      const { local, mapped, filtering } = await report(host);
      expect(mapped).toEqual(Array(4).fill({ address: addresses[host], port: local }));
      expect(filtering).toBe('endpoint');
    });

    it('has one mapping, for those it spoke to, when port-restricted', async () => {
      await lab.nat(router, nat.portRestricted);
      const { local, mapped, filtering } = await report(host);
      expect(mapped).toEqual(Array(4).fill({ address: routers[router].wan, port: local }));
      expect(filtering).toBe('port');
    });

    it('has one mapping, for everybody, behind a full cone', async () => {
      await lab.nat(router, nat.fullCone);
      const { local, mapped, filtering } = await report(host);
      expect(mapped).toEqual(Array(4).fill({ address: routers[router].wan, port: local }));
      expect(filtering).toBe('endpoint');
    });

    it('has another port for each destination when symmetric', async () => {
      await lab.nat(router, nat.symmetric);
      const { mapped, filtering } = await report(host);
      expect(new Set(mapped.map(({ address }) => address))).toEqual(new Set([routers[router].wan]));
      // Four random ports: two of them are the same once in 10,000 runs, three never.
      expect(new Set(mapped.map(({ port }) => port)).size).toBeGreaterThanOrEqual(3);
      expect(filtering).toBe('port');
    });
  });

  it('moves the mappings of a symmetric NAT when it forgets them', async () => {
    await lab.nat('ra', nat.symmetric);
    const before = await report('a');
    await lab.forget('ra');
    const after = await report('a');
    expect(after.mapped).not.toEqual(before.mapped);
  });

  it('keeps private addresses private behind a NAT', async () => {
    await lab.nat('ra', nat.portRestricted);
    await lab.nat('rb', nat.portRestricted);
    const route = (from: HostName, to: string) => lab.exec(from, 'ip', ['route', 'get', to]);
    expect(await route('core', routers.rb.wan)).toContain('dev wb');
    await expect(route('core', addresses.b)).rejects.toThrow('Invalid argument');
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

async function report(host: HostName): Promise<Report> {
  return JSON.parse(await lab.exec(host, process.execPath, [probe, 'client', ...servers]));
}

function namespaces(): string {
  return execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });
}
