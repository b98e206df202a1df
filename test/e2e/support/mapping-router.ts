import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Lab } from './lab.ts';
import { type RouterName, sites } from './lab-topology.ts';
import { type NatRecipe, nat } from './nat-recipes.ts';

/** Why routers of this machine cannot be asked for mappings; `undefined` if they can. */
export function mappingSkipReason(): string | undefined {
  try {
    const version = execFileSync('miniupnpd', ['--version'], { encoding: 'utf8' });
    return version.includes('nftables') ? undefined : 'this miniupnpd does not know nftables';
  } catch {
    return 'miniupnpd is not installed';
  }
}

/** By which protocols a router lets itself be asked. */
export type Asked = 'datagrams' | 'upnp' | 'both';

/** A symmetric router of random ports, with the chains that miniupnpd fills. */
export const mappable: NatRecipe = {
  ...nat.symmetric,
  name: 'symmetric, with port mapping',
  ruleset: (router) => `${nat.symmetric.ruleset(router)}
table inet filter {
 chain forward {
  type filter hook forward priority 0; policy accept;
  jump miniupnpd
 }
 chain miniupnpd {
 }
 chain prerouting {
  type nat hook prerouting priority dstnat; policy accept;
  jump prerouting_miniupnpd
 }
 chain prerouting_miniupnpd {
 }
 chain postrouting {
  type nat hook postrouting priority srcnat - 5; policy accept;
  jump postrouting_miniupnpd
 }
 chain postrouting_miniupnpd {
 }
}
`,
};

/** A real miniupnpd on a router of the lab, which is `mappable`. */
export class MappingRouter {
  readonly #lab: Lab;
  readonly #router: RouterName;
  readonly #child: ChildProcess;

  private constructor(lab: Lab, router: RouterName, child: ChildProcess) {
    this.#lab = lab;
    this.#router = router;
    this.#child = child;
  }

  /** `folder` is the caller's, for what it needs to write. */
  static async start(
    lab: Lab,
    router: RouterName,
    options: { readonly folder: string; readonly asked: Asked },
  ): Promise<MappingRouter> {
    const { folder, asked } = options;
    await lab.nat(router, mappable);
    const config = `${folder}/${router}.conf`;
    await writeFile(config, configuration(router, asked));
    const args = ['-d', '-f', config, '-P', `${folder}/${router}.pid`];
    const child = lab.run(router, 'miniupnpd', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    await ready(child, asked);
    return new MappingRouter(lab, router, child);
  }

  /** The public ports that lead to a client now. */
  async ports(): Promise<number[]> {
    return (await this.#mappings()).map(({ port }) => port);
  }

  /** The clients to whom public ports lead now. */
  async clients(): Promise<string[]> {
    return (await this.#mappings()).map(({ client }) => client);
  }

  async #mappings(): Promise<{ port: number; client: string }[]> {
    const chain = ['list', 'chain', 'inet', 'filter', 'prerouting_miniupnpd'];
    const listed = await this.#lab.exec(this.#router, 'nft', chain);
    return [...listed.matchAll(/dport (\d+) dnat ip to ([\d.]+):/g)].map(
      ([, port, client = '']) => {
        return { port: Number(port), client };
      },
    );
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exit;
  }
}

function configuration(router: RouterName, asked: Asked): string {
  return [
    'ext_ifname=wan',
    // It maps nothing at an address of documentation, which ours are; it needs one only to tell of it.
    'ext_ip=44.0.0.10',
    `listening_ip=${sites[router].lan}.1/24`,
    `enable_natpmp=${asked === 'upnp' ? 'no' : 'yes'}`,
    `enable_upnp=${asked === 'datagrams' ? 'no' : 'yes'}`,
    'secure_mode=yes',
    '',
  ].join('\n');
}

/** Until it has said that it listens for all that it is to be asked by. */
async function ready(child: ChildProcess, asked: Asked): Promise<void> {
  const wanted = new Set([
    ...(asked === 'upnp' ? [] : [/NAT-PMP\/PCP traffic on port/]),
    ...(asked === 'datagrams' ? [] : [/HTTP listening on port/]),
  ]);
  const heard: string[] = [];
  for await (const line of createInterface(child.stderr as Readable)) {
    heard.push(line);
    for (const pattern of wanted) if (pattern.test(line)) wanted.delete(pattern);
    if (wanted.size === 0) break;
  }
  if (wanted.size > 0) throw new Error(`miniupnpd did not start:\n${heard.join('\n')}`);
  // It says much, and would wait for somebody to hear it.
  child.stderr?.resume();
}
