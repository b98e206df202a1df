import {
  type ChildProcess,
  execFile,
  execFileSync,
  type SpawnOptions,
  spawn,
} from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import {
  deleteNamespace,
  deleteStaleNamespaces,
  newPrefix,
  trackChild,
  trackNamespace,
} from './lab-namespaces.ts';
import {
  addresses,
  atHome,
  type ClientName,
  forwarders,
  forwardingSysctls,
  type HostName,
  hosts,
  inTheOpen,
  isRouter,
  links,
  openAddress,
  type RouterName,
  setup,
  sites,
} from './lab-topology.ts';
import type { NatRecipe } from './nat-recipes.ts';

/** Why there can be no laboratory here; tests that are skipped for it print this. */
export function skipReason(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a Linux thing';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  for (const [command, version] of [
    ['ip', '-V'],
    ['nft', '--version'],
    ['conntrack', '--version'],
    ['sysctl', '--version'],
    ['bridge', '-V'],
    ['setpriv', '--version'],
  ] as const) {
    try {
      execFileSync(command, [version], { stdio: 'ignore' });
    } catch {
      return `${command} is not installed`;
    }
  }
  return undefined;
}

/** Port maps keep mappings for longer than the kernel does by default. */
const PORT_MAP_IDLE_S = 300;

/** A small internet in network namespaces, with real kernels' NATs; see `lab-topology.ts`. */
export class Lab {
  readonly #prefix = newPrefix();
  readonly #children = new Set<ChildProcess>();
  readonly #recipes = new Map<RouterName, NatRecipe>();
  /** Clients that have an address of the internet. */
  readonly #open = new Set<ClientName>();

  /** Builds the network. All clients are at home, behind routers that only forward. */
  static async create(): Promise<Lab> {
    deleteStaleNamespaces();
    const lab = new Lab();
    try {
      await lab.#build();
    } catch (error) {
      await lab.down();
      throw error;
    }
    return lab;
  }

  /** The name that `ip netns` knows a host by. */
  namespace(host: HostName): string {
    return this.#prefix + host;
  }

  /** Where a client is at present: that depends on its router. */
  address(client: ClientName): string {
    return this.#open.has(client) ? openAddress(client) : addresses[client];
  }

  /** Makes a router behave as the recipe says; all its mappings are forgotten. */
  async nat(router: RouterName, recipe: NatRecipe): Promise<void> {
    const { wan, lan, clients } = sites[router];
    const [own, ...pool] = wan;
    const idleSeconds = recipe.idleSeconds ?? PORT_MAP_IDLE_S;
    const ruleset = recipe.ruleset({ wan: own, pool, client: `${lan}.2`, idleSeconds });
    await this.exec(router, 'nft', ['-f', '-'], `flush ruleset\n${ruleset}`);
    await this.exec(router, 'conntrack', ['-F']);
    await this.#keepMappings(router, recipe.idleSeconds);
    for (const client of clients) {
      if (!isRouter(client)) await this.#place(client, recipe.open ?? false);
    }
    this.#recipes.set(router, recipe);
  }

  /** Lets a router lose its mappings, as after a reboot. */
  async forget(router: RouterName): Promise<void> {
    const { memory = [] } = this.#recipes.get(router) ?? {};
    const flush = memory.map((kept) => `flush ${kept}`).join('\n');
    if (flush !== '') await this.exec(router, 'nft', ['-f', '-'], flush);
    await this.exec(router, 'conntrack', ['-F']);
  }

  /** Keeps the clients of one network from reaching each other there, as guest networks do. */
  async isolateClients(router: RouterName, isolated: boolean): Promise<void> {
    for (const client of sites[router].clients) {
      const port = ['dev', `to-${client}`, 'isolated', isolated ? 'on' : 'off'];
      await this.exec(router, 'bridge', ['link', 'set', ...port]);
    }
  }

  /**
   * Starts a process on a host. The child's pid is that of the command itself, since `ip` and
   * `setpriv` turn into what they start. It ends with the lab, and with this process.
   */
  run(
    host: HostName,
    command: string,
    args: readonly string[],
    options: SpawnOptions = {},
  ): ChildProcess {
    const inside = ['netns', 'exec', this.namespace(host), command, ...args];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'ip', ...inside], options);
    this.#children.add(child);
    trackChild(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Runs a command on a host to its end; yields what it printed. Rejects when it fails. */
  async exec(
    host: HostName,
    command: string,
    args: readonly string[],
    input = '',
  ): Promise<string> {
    const inside = ['netns', 'exec', this.namespace(host), command, ...args];
    return await execute('setpriv', ['--pdeathsig', 'KILL', 'ip', ...inside], input);
  }

  /** Ends everything that runs in the lab, and removes it. */
  async down(): Promise<void> {
    await Promise.all([...this.#children].map(end));
    for (const host of hosts) deleteNamespace(this.namespace(host));
  }

  async #build(): Promise<void> {
    for (const host of hosts) trackNamespace(this.namespace(host));
    await execute('ip', ['-batch', '-'], this.#creation().join('\n'));
    await Promise.all(
      hosts.map(async (host) => {
        const devices = links.flat().filter(([name]) => name === host);
        const up = ['lo', ...devices.map(([, device]) => device)].map((device) => {
          return `link set ${device} up`;
        });
        await this.#ip(host, [...up, ...setup(host)]);
      }),
    );
    // `-e`: the bridge's keys are there only where its netfilter module is loaded.
    const sysctl = ['-eqw', ...forwardingSysctls];
    await Promise.all(forwarders.map((host) => this.exec(host, 'sysctl', sysctl)));
  }

  #creation(): string[] {
    const name = (host: HostName) => this.namespace(host);
    return [
      ...hosts.map((host) => `netns add ${name(host)}`),
      ...links.map(
        ([[left, leftDevice], [right, rightDevice]]) =>
          `link add ${leftDevice} netns ${name(left)} type veth ` +
          `peer name ${rightDevice} netns ${name(right)}`,
      ),
    ];
  }

  /** Without a span, mappings live as long as the kernel has it by default. */
  async #keepMappings(router: RouterName, seconds: number | undefined): Promise<void> {
    if (this.#recipes.get(router)?.idleSeconds === seconds) return;
    const key = 'net.netfilter.nf_conntrack_udp_timeout';
    const [fresh, answered] = seconds === undefined ? [30, 120] : [seconds, seconds];
    await this.exec(router, 'sysctl', ['-qw', `${key}=${fresh}`, `${key}_stream=${answered}`]);
  }

  async #place(client: ClientName, open: boolean): Promise<void> {
    if (this.#open.has(client) === open) return;
    await this.#ip(client, open ? inTheOpen(client) : atHome(client));
    if (open) this.#open.add(client);
    else this.#open.delete(client);
  }

  async #ip(host: HostName, commands: readonly string[]): Promise<void> {
    await execute('ip', ['-n', this.namespace(host), '-batch', '-'], commands.join('\n'));
  }
}

async function execute(command: string, args: readonly string[], input: string): Promise<string> {
  const running = promisify(execFile)(command, args);
  trackChild(running.child);
  // A command that ends before it reads its input says why by its exit code, not by EPIPE.
  running.child.stdin?.on('error', () => undefined).end(input);
  return (await running).stdout;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
