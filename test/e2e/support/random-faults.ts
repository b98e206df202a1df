import { setTimeout } from 'node:timers/promises';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { KillableTransfer, Victim } from './killable-transfer.ts';
import type { Lab } from './lab.ts';
import { addresses, type RouterName } from './lab-topology.ts';
import { block, cutDirect, healDirect, unblock } from './line-faults.ts';
import { type NatRecipe, nat } from './nat-recipes.ts';
import type { Server, Stage } from './stage.ts';

/** Networks that people have. */
export const RECIPES: readonly NatRecipe[] = [
  nat.none,
  nat.firewall,
  nat.fullCone,
  nat.addressRestricted,
  nat.portRestricted,
  nat.randomPort,
  nat.symmetricSequential,
  nat.symmetric,
];

/** The server is alone in its namespace; one that is started again is where it was. */
const LISTEN = `${addresses.s[0]}:9420`;
/** Longest fault, and longest quiet between two; a peer is missed after five seconds. */
const LONGEST_MS = 6000;

type Fault = (router: RouterName, transfer: KillableTransfer) => Promise<void>;

/** A server, and what can happen to it, to the routers and to the peers, each of which heals. */
export class RandomFaults {
  readonly #random: SeededRandom;
  readonly #stage: Stage;
  readonly #lab: Lab;
  #server: Server;

  private constructor(random: SeededRandom, stage: Stage, lab: Lab, server: Server) {
    this.#random = random;
    this.#stage = stage;
    this.#lab = lab;
    this.#server = server;
  }

  static async begin(random: SeededRandom, stage: Stage, lab: Lab): Promise<RandomFaults> {
    const server = await stage.server({ on: { lab, host: 's' }, listen: LISTEN });
    return new RandomFaults(random, stage, lab, server);
  }

  get endpoint(): string {
    return this.#server.endpoint;
  }

  /** Lets something happen, and heals it; yields what it was. */
  async strike(transfer: KillableTransfer): Promise<string> {
    await this.#pause();
    const router = this.pick<RouterName>(['ra', 'rb']);
    const [name, happen] = this.pick(Object.entries(this.#faults));
    await happen(router, transfer);
    return `${name} ${router}`;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.#random.integer(list.length)] as T;
  }

  readonly #faults: Readonly<Record<string, Fault>> = {
    forget: async (router) => {
      await this.#lab.forget(router);
    },
    cut: async () => {
      await cutDirect(this.#lab);
      await this.#pause();
      await healDirect(this.#lab);
    },
    'block UDP': async (router) => {
      await block(this.#lab, router, 'forward', 'meta l4proto udp');
      await this.#pause();
      await unblock(this.#lab, router);
    },
    deafen: async (router) => {
      await block(this.#lab, router, 'forward', 'iifname "wan"');
      await this.#pause();
      await unblock(this.#lab, router);
    },
    replace: async (router) => {
      await this.#lab.nat(router, this.pick(RECIPES));
    },
    'restart the server': async () => {
      await this.#server.program.end();
      await this.#pause();
      this.#server = await this.#stage.server({
        on: { lab: this.#lab, host: 's' },
        listen: LISTEN,
      });
    },
    kill: async (_router, transfer) => {
      const victim = this.pick<Victim>(['sender', 'receiver', 'both']);
      await transfer.kill(victim);
      await this.#pause();
      await transfer.restart(victim);
    },
  };

  async #pause(): Promise<void> {
    await setTimeout(this.#random.uniform() * LONGEST_MS);
  }
}
