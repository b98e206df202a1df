import type { Machine } from '../../src/protocol/machine.ts';
import { after, elapsed, type Instant, type Millis, millis } from '../../src/protocol/time.ts';
import type { EventTarget, SimulatedEvent } from './event-queue.ts';
import type { Packet } from './packet.ts';
import { coalesce, type ReceivedBatch } from './receive-queue.ts';
import type { SeededRandom } from './seeded-random.ts';
import { type Socket, SocketSet } from './socket-set.ts';
import type { World } from './world.ts';

export interface DriverOptions<Event> {
  readonly onEvent?: (event: Event) => void;
  /** Called after every input, when the machine is drained. May look; to act, call `poke` after. */
  readonly onTick?: () => void;
  /** Timers fire a uniform time in [0, lateness) after their deadline, as on a busy machine. Default 0. */
  readonly lateness?: Millis;
  /**
   * How long arriving datagrams wait for others to be joined with, or `false` to give each by
   * itself. Default 0: what arrives in one instant is joined, as real kernels do.
   */
  readonly coalesce?: Millis | false;
}

/** What a driver will not go on beyond: each is a broken machine, never a busy one. */
export const limits = {
  /** Answers to polls and timeouts without time moving. */
  pollsPerInstant: 100_000,
  /** Packets that wait in the socket of a machine that does not read them. */
  socketPackets: 1000,
} as const;

/** `stopped` as by SIGSTOP, `asleep` as a computer whose lid is shut. */
interface Sleep {
  readonly kind: 'stopped' | 'asleep';
  readonly since: Instant;
}

// What a machine finds in a batch that it kept without copying.
const STALE_BYTE = 0xdb;

/** Runs one machine: inputs in, then drained, then asleep until its deadline. */
export class Driver<Event> implements EventTarget {
  readonly machine: Machine<Event>;
  readonly #world: World;
  readonly #name: string;
  /** What it sends through; may change while it runs. */
  readonly sockets: SocketSet;
  readonly #options: DriverOptions<Event>;
  readonly #random: SeededRandom;
  readonly #memory = new Uint8Array(65_536);
  #arrived: Packet[] = [];
  #flush: SimulatedEvent | undefined;
  #poke: SimulatedEvent | undefined;
  #alarm: { readonly event: SimulatedEvent; readonly deadline: Instant } | undefined;
  #isStopped = false;
  #sleep: Sleep | undefined;
  /** How much of the world's time this machine's clock has not seen. */
  #lag: Millis = millis(0);
  #polledAt: Instant | undefined;
  #polls = 0;

  constructor(
    world: World,
    machine: Machine<Event>,
    socket: Socket,
    options: DriverOptions<Event>,
  ) {
    this.machine = machine;
    this.#world = world;
    this.#name = socket.name;
    this.sockets = new SocketSet(world, socket);
    this.#options = options;
    this.#random = world.random.fork(`${socket.name} timers`);
  }

  /** The time on this machine's own clock. */
  get now(): Instant {
    return after(this.#world.queue.now, millis(-this.#lag));
  }

  /** Lets the machine be drained in this instant. To be called after asking something of it. */
  poke(): void {
    this.#poke ??= this.#schedule(this.#world.queue.now);
  }

  /**
   * Stops the machine until `wakeUp`. A process that is stopped finds what its socket could hold; a
   * computer that sleeps hears nothing, and its clock stands.
   */
  sleep(kind: Sleep['kind']): void {
    this.#sleep = { kind, since: this.#world.queue.now };
  }

  /** `tell` comes first, as a shell that has noticed it would. */
  wakeUp(tell: (now: Instant) => void): void {
    const { now } = this.#world.queue;
    if (this.#sleep?.kind === 'asleep') {
      this.#lag = millis(this.#lag + elapsed(this.#sleep.since, now));
      this.#arrived = [];
    }
    this.#sleep = undefined;
    this.#alarm = undefined;
    tell(this.now);
    this.#flush = this.#schedule(now);
    this.#poke = this.#schedule(now);
  }

  /** Lets `socket` carry what is for remotes of this base. */
  addBase(base: number, socket: Socket): void {
    this.sockets.addBase(base, socket);
  }

  removeBase(base: number): void {
    this.sockets.removeBase(base);
  }

  /** Ends the machine as a killed process ends: nothing more is said. The port is free again. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#arrived = [];
    this.sockets.close();
  }

  /** `base`: by which of the sockets it came, if not by the first. */
  receive(packet: Packet, now: Instant, base?: number): void {
    const { coalesce: window = millis(0) } = this.#options;
    if (this.#sleep && this.#arrived.length >= limits.socketPackets) return;
    this.#arrived.push(this.sockets.stamped(packet, base));
    this.#flush ??= this.#schedule(after(now, window === false ? millis(0) : window));
  }

  fire(event: SimulatedEvent): void {
    if (this.#isStopped || this.#sleep) return;
    const { now } = this;
    if (event === this.#flush) this.#deliver(now);
    else if (event === this.#poke) this.#drainPoked(now);
    // The sum and the difference of a lag need not be the same number again.
    else if (event === this.#alarm?.event) this.#wake(later(now, this.#alarm.deadline));
  }

  #schedule(at: Instant): SimulatedEvent {
    return this.#world.queue.schedule(at, this);
  }

  #deliver(now: Instant): void {
    this.#flush = undefined;
    const packets = this.#arrived;
    this.#arrived = [];
    const isJoined = this.#options.coalesce !== false;
    for (const batch of isJoined ? coalesce(packets) : packets.map(single)) {
      if (this.#isStopped) return;
      this.#handle(batch, now);
      this.#drain(now);
    }
  }

  // The machine gets memory that changes right after the call, as the contract allows.
  #handle({ from, payloads, bytes }: ReceivedBatch, now: Instant): void {
    let offset = 0;
    for (const payload of payloads) {
      this.#memory.set(payload, offset);
      offset += payload.length;
    }
    this.machine.handleBatch(this.#memory.subarray(0, bytes), from, now);
    this.#memory.fill(STALE_BYTE, 0, bytes);
  }

  #drainPoked(now: Instant): void {
    this.#poke = undefined;
    this.#drain(now);
  }

  // Deadlines move with every acknowledgement. So an alarm is only set anew for an earlier one;
  // for a later one it rings too early, and is set again here.
  #wake(now: Instant): void {
    this.#alarm = undefined;
    const deadline = this.machine.pollTimeout();
    if (deadline !== undefined && deadline <= now) {
      this.#countPoll(now);
      this.machine.handleTimeout(now);
      this.#drain(now);
    } else {
      this.#arm();
    }
  }

  #drain(now: Instant): void {
    while (this.#transmitAll(now) || this.#emitAll(now));
    if (this.#isStopped) return;
    this.#options.onTick?.();
    if (!this.#isStopped) this.#arm();
  }

  #arm(): void {
    const deadline = this.machine.pollTimeout();
    if (deadline === undefined) return;
    if (this.#alarm !== undefined && this.#alarm.deadline <= deadline) return;
    const { lateness = 0 } = this.#options;
    const late = millis(lateness > 0 ? lateness * this.#random.uniform() : 0);
    const at = after(deadline, millis(late + this.#lag));
    this.#alarm = { event: this.#schedule(at), deadline };
  }

  /** Whether there was anything to send. */
  #transmitAll(now: Instant): boolean {
    let found = false;
    for (;;) {
      const transmit = this.#isStopped ? undefined : this.machine.pollTransmit(now);
      if (transmit === undefined) return found;
      found = true;
      this.#countPoll(now);
      this.sockets.send(transmit);
    }
  }

  /** Whether there was anything to tell. */
  #emitAll(now: Instant): boolean {
    let found = false;
    for (;;) {
      const event = this.#isStopped ? undefined : this.machine.pollEvent();
      if (event === undefined) return found;
      found = true;
      this.#countPoll(now);
      this.#options.onEvent?.(event);
    }
  }

  #countPoll(now: Instant): void {
    if (this.#polledAt !== now) {
      this.#polledAt = now;
      this.#polls = 0;
    }
    this.#polls += 1;
    if (this.#polls <= limits.pollsPerInstant) return;
    const where = `${this.#name} at ${now}`;
    throw new Error(`seed ${this.#world.seed}: livelock: time does not move for ${where}`);
  }
}

function later(a: Instant, b: Instant): Instant {
  return a > b ? a : b;
}

function single({ from, payload }: Packet): ReceivedBatch {
  return { from, payloads: [payload], bytes: payload.length };
}
