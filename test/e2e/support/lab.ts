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
  forwarders,
  forwardingSysctls,
  type HostName,
  hosts,
  links,
  type RouterName,
  routers,
  setup,
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

/** A small internet in network namespaces, with real kernels' NATs; see `lab-topology.ts`. */
export class Lab {
  readonly #prefix = newPrefix();
  readonly #children = new Set<ChildProcess>();

  /** Builds the network. All routers start as plain routers without NAT (`nat.none`). */
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

  /** Makes a router behave as the recipe says; all its mappings are forgotten. */
  async nat(router: RouterName, recipe: NatRecipe): Promise<void> {
    const { wan, lan } = routers[router];
    await this.exec(router, 'nft', ['-f', '-'], `flush ruleset\n${recipe.ruleset({ wan })}`);
    await this.forget(router);
    const route = recipe.routed ? `route replace ${lan} via ${wan}` : `route flush ${lan}`;
    await this.#ip('core', [route]);
  }

  /** Lets a router lose its mappings, as after a reboot. */
  async forget(router: RouterName): Promise<void> {
    await this.exec(router, 'conntrack', ['-F']);
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
        await this.#ip(host, [
          'link set lo up',
          ...devices.flatMap(([, device, cidr]) =>
            cidr ? [`addr add ${cidr} dev ${device}`] : [],
          ),
          ...devices.map(([, device]) => `link set ${device} up`),
          ...setup[host],
        ]);
      }),
    );
    // `-e`: the bridge's keys are there only where its netfilter module is loaded.
    const sysctl = ['-eqw', ...forwardingSysctls];
    await Promise.all(forwarders.map((host) => this.exec(host, 'sysctl', sysctl)));
    for (const router of ['ra', 'rb'] as const) {
      await this.#ip('core', [`route replace ${routers[router].lan} via ${routers[router].wan}`]);
    }
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
