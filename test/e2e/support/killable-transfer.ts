import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import type { SeededRandom } from '../../support/seeded-random.ts';
import { expectSuccess } from './expectations.ts';
import type { Program, ProgramEvent, ProgramOptions } from './program.ts';
import type { Sending, Stage } from './stage.ts';

const VICTIMS = ['sender', 'receiver', 'both'] as const;
export type Victim = (typeof VICTIMS)[number];

/** What is run again after each kill. */
export interface KillablePlan {
  readonly paths: readonly string[];
  readonly out: string;
  /** Where either runs; on this machine when absent. */
  readonly from?: ProgramOptions['on'];
  readonly to?: ProgramOptions['on'];
  /** The server's endpoint; without one the two find each other on this machine. */
  readonly server?: string;
  /** Flags of both, of the sender and of the receiver. */
  readonly flags?: readonly string[];
  readonly sending?: readonly string[];
  readonly receiving?: readonly string[];
  /**
   * Whether what is sent changes meanwhile: a sender that died before it knew that all had arrived
   * learns then that it has something else by now.
   */
  readonly mayChange?: boolean;
}

/** When to begin counting, by what a side tells. */
export interface Moment {
  readonly side: 'sender' | 'receiver';
  readonly tells: (event: ProgramEvent) => boolean;
}

/** How long after an event somebody is killed, at most. */
const DELAY_MS = 60;
/** How a sender ends of which something else has arrived than it has now. */
const CHANGED_EXIT = 8;
/** How a receiver ends whose code is used, or nobody's on this network. */
const CODE_EXIT = 3;

/** Two programs that can be killed and started again. */
export class KillableTransfer {
  readonly #stage: Stage;
  #plan: KillablePlan;
  #sender: Program;
  #receiver!: Program;
  #code = '';
  /** Whether a receiver that was killed had told that everything has its name. */
  #hadAll = false;

  private constructor(stage: Stage, plan: KillablePlan) {
    this.#stage = stage;
    this.#plan = plan;
    this.#sender = this.#send();
  }

  static async begin(stage: Stage, plan: KillablePlan): Promise<KillableTransfer> {
    const transfer = new KillableTransfer(stage, plan);
    transfer.#code = (await transfer.#sender.event('code')).code;
    // Who is killed before that needs a new code, and on a busy disk it takes seconds.
    await transfer.#sender.event('ticket');
    transfer.#receiver = transfer.#receive();
    return transfer;
  }

  get code(): string {
    return this.#code;
  }

  async reach({ side, tells }: Moment): Promise<void> {
    const program = side === 'sender' ? this.#sender : this.#receiver;
    await program.reach(tells);
  }

  /** Kills somebody soon after some moment; the one or other may be done by then. */
  async killAtRandom(random: SeededRandom, victim: Victim, bytes: number): Promise<void> {
    const moments = momentsOf(bytes);
    await this.reach(moments[random.integer(moments.length)] as Moment);
    await setTimeout(random.uniform() * DELAY_MS);
    await this.kill(victim);
  }

  /** Kills one side or both up to twice, within about so many bytes, and starts them again. */
  async killSometimes(random: SeededRandom, bytes: number): Promise<void> {
    for (let left = random.integer(3); left > 0; left -= 1) {
      const victim = VICTIMS[random.integer(VICTIMS.length)] as Victim;
      await this.killAtRandom(random, victim, bytes);
      await this.restart(victim);
      if (await this.isOver()) return;
    }
  }

  async kill(victim: Victim): Promise<void> {
    const ends: Promise<void>[] = [];
    if (victim !== 'receiver') ends.push(this.#sender.end());
    if (victim !== 'sender') ends.push(this.#receiver.end());
    await Promise.all(ends);
    if (victim !== 'sender') this.#hadAll ||= this.#receiver.all('file').length > 0;
  }

  /** Starts again who was killed and was not done by then, the receiver with `out` for what comes. */
  async restart(victim: Victim, out: string = this.#plan.out): Promise<void> {
    this.#plan = { ...this.#plan, out };
    if (victim !== 'receiver' && !(await isDone(this.#sender))) this.#sender = this.#send();
    if (victim !== 'sender' && !(await isDone(this.#receiver))) this.#receiver = this.#receive();
  }

  /** Expects a good end of both. */
  async finish(): Promise<void> {
    if (await this.isOver()) await this.#sender.end();
    else await Promise.all([this.#expectSent(), this.#expectReceived()]);
  }

  /**
   * Whether there was nothing left to do when the sender was started: one that makes another code has
   * known, before it was killed, that everything had arrived.
   */
  async isOver(): Promise<boolean> {
    const { code } = await this.#sender.event('code');
    if (code === this.#code) return false;
    await this.#expectReceived();
    return true;
  }

  async #expectSent(): Promise<void> {
    const { code } = await this.#sender.exit();
    if (code !== CHANGED_EXIT || !this.#plan.mayChange) await expectSuccess(this.#sender);
  }

  /** One that was killed in its last moment knows nothing of it any more, and its code is used. */
  async #expectReceived(): Promise<void> {
    const { code } = await this.#receiver.exit();
    expect(this.#hadAll ? [0, CODE_EXIT] : [0]).toContain(code);
  }

  #send(): Program {
    const { paths, from, flags = [], sending = [] } = this.#plan;
    return this.#stage.send(paths, { ...this.#where(from), flags: [...flags, ...sending] });
  }

  #receive(): Program {
    const { out, to, flags = [], receiving = [] } = this.#plan;
    const all = { ...this.#where(to), out, flags: [...flags, ...receiving] };
    return this.#stage.receive(this.#code, all);
  }

  #where(on: ProgramOptions['on']): Pick<Sending, 'server' | 'on'> {
    const { server } = this.#plan;
    return { ...(server !== undefined && { server }), ...(on !== undefined && { on }) };
  }
}

async function isDone(program: Program): Promise<boolean> {
  return (await program.exit()).code === 0;
}

function momentsOf(bytes: number): Moment[] {
  return (['sender', 'receiver'] as const).flatMap((side) => [
    { side, tells: (event) => event.event === 'status' && event.phase === 'waiting-for-peer' },
    { side, tells: (event) => event.event === 'peer' },
    { side, tells: (event) => event.event === 'offer' },
    { side, tells: (event) => event.event === 'status' && event.phase === 'transferring' },
    { side, tells: (event) => event.event === 'progress' && event.bytes > bytes / 3 },
    { side, tells: (event) => event.event === 'status' && event.phase === 'verifying' },
    { side, tells: (event) => event.event === 'file' },
  ]);
}
