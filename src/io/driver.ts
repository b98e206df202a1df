import type { Machine, Transmit } from '../protocol/machine.ts';
import type { Instant } from '../protocol/time.ts';
import type { Endpoint } from '../protocol/wire/endpoint.ts';
import { MAX_TIMER_MS, monotonicNow } from './clock.ts';
import {
  type BatchHandler,
  type Channel,
  MAX_PENDING_SENDS,
  type SocketErrorHandler,
} from './network/channel.ts';
import type { UdpSocket } from './network/udp-socket.ts';

export interface DriverOptions<Event> {
  readonly machine: Machine<Event>;
  /**
   * At most one for each address family is sent from, to remotes without a base; all are received
   * on. Not closed by the driver.
   */
  readonly sockets: readonly UdpSocket[];
  readonly onEvent: (event: Event) => void;
  /** Sends that failed. They count as lost; `EMSGSIZE` says that the path takes no such datagrams. */
  readonly onSocketError?: SocketErrorHandler;
  /**
   * The process was stopped, or the event loop blocked, for seconds: told before the machine sees
   * anything that happened meanwhile.
   */
  readonly onStall?: (now: Instant) => void;
  readonly clock?: () => Instant;
}

/** Runs a machine on sockets and a timer: input in, then drained, then asleep until its deadline. */
export class Driver<Event> {
  readonly #machine: Machine<Event>;
  readonly #channels: Set<Channel>;
  /** Those that take no more. As long as there is one, the machine is not asked what to send. */
  readonly #full = new Set<Channel>();
  readonly #bases = new Map<number, Channel>();
  readonly #ipv4: UdpSocket | undefined;
  readonly #ipv6: UdpSocket | undefined;
  readonly #onEvent: (event: Event) => void;
  readonly #onSocketError: SocketErrorHandler;
  readonly #onStall: (now: Instant) => void;
  readonly #clock: () => Instant;
  #alarm: { readonly timer: NodeJS.Timeout; readonly at: Instant } | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #alarmRang = false;
  #draining = false;
  #poked = false;
  #undrainedBytes = 0;
  #closed = false;

  constructor(options: DriverOptions<Event>) {
    this.#machine = options.machine;
    this.#channels = new Set(options.sockets);
    this.#ipv4 = options.sockets.find((socket) => socket.family === 'udp4');
    this.#ipv6 = options.sockets.find((socket) => socket.family === 'udp6');
    this.#onEvent = options.onEvent;
    this.#onSocketError = options.onSocketError ?? (() => undefined);
    this.#onStall = options.onStall ?? (() => undefined);
    this.#clock = options.clock ?? monotonicNow;
  }

  /** Takes over the sockets' handlers and lets the machine say its first words. */
  start(): void {
    const onBatch = (batch: Uint8Array, remote: Endpoint) => this.#receive(batch, remote);
    for (const channel of this.#channels) this.#adopt(channel, onBatch);
    this.#drain();
  }

  /**
   * Lets `channel` carry what is for remotes of this base; what comes in by it gets the base. Not
   * closed by the driver.
   */
  addBase(base: number, channel: Channel): void {
    if (this.#closed) return;
    this.#bases.set(base, channel);
    this.#channels.add(channel);
    this.#adopt(channel, (batch, { address, port }) => {
      this.#receive(batch, { address, port, base });
    });
  }

  /** What is for remotes of this base is lost from now on. */
  removeBase(base: number): void {
    const channel = this.#bases.get(base);
    if (channel === undefined) return;
    this.#bases.delete(base);
    this.#channels.delete(channel);
    this.#full.delete(channel);
    abandon(channel);
    // It may have been the one that everything waited for.
    this.#soon();
  }

  /** To be called after the application asked something of the machine. */
  poke(): void {
    this.#drain();
  }

  /** The same, once for all that is asked in this turn of the event loop. */
  pokeSoon(): void {
    this.#soon();
  }

  /** Sends what the machine still has to say, such as its goodbye, and lets go of everything. */
  close(): void {
    if (this.#closed) return;
    this.#transmit(this.#clock());
    this.#closed = true;
    clearTimeout(this.#alarm?.timer);
    clearImmediate(this.#immediate);
    for (const channel of this.#channels) abandon(channel);
  }

  #adopt(channel: Channel, onBatch: BatchHandler): void {
    channel.onBatch(onBatch);
    channel.onDrain(() => {
      this.#full.delete(channel);
      this.#soon();
    });
    channel.onError(this.#onSocketError);
  }

  // What one loop turn brings is drained once, when it has all been read, or after so many bytes:
  // acknowledging every batch by itself costs a fifth of the receiver's time, and half of it where
  // every datagram is a batch (measured on loopback).
  #receive(batch: Uint8Array, remote: Endpoint): void {
    this.#machine.handleBatch(batch, remote, this.#now());
    this.#undrainedBytes += batch.length;
    if (this.#undrainedBytes >= DRAIN_BYTES) this.#drain();
    else this.#soon();
  }

  #drain(): void {
    if (this.#closed) return;
    this.#poked = true;
    if (this.#draining) return; // Poked out of `onEvent`: the loop below goes round once more.
    this.#draining = true;
    this.#undrainedBytes = 0;
    try {
      while (this.#poked && !this.#closed) {
        this.#poked = false;
        this.#transmit(this.#clock());
        this.#deliver();
      }
    } finally {
      this.#draining = false;
    }
    if (!this.#closed) this.#arm();
  }

  /**
   * Sends until the machine is silent or a socket is full, when `onDrain` goes on, or until it is the
   * sockets' turn to be read.
   */
  #transmit(now: Instant): void {
    for (let helping = MAX_PENDING_SENDS; helping > 0; helping -= 1) {
      if (this.#full.size > 0) return;
      const transmit = this.#machine.pollTransmit(now);
      if (!transmit) return;
      const channel = this.#channelOf(transmit.remote);
      if (channel) this.#send(channel, transmit);
      else transmit.release?.();
    }
    this.#soon();
  }

  #send(channel: Channel, transmit: Transmit): void {
    channel.send(transmit);
    if (channel.pending >= MAX_PENDING_SENDS) this.#full.add(channel);
  }

  #channelOf({ address, base }: Endpoint): Channel | undefined {
    if (base !== undefined) return this.#bases.get(base);
    return address.includes(':') ? this.#ipv6 : this.#ipv4;
  }

  // Whoever hears of an event may ask something of the machine: what it then says is sent at once.
  #deliver(): void {
    let event = this.#machine.pollEvent();
    while (event !== undefined && !this.#closed) {
      this.#poked = true;
      this.#onEvent(event);
      event = this.#machine.pollEvent();
    }
  }

  /**
   * One timer, left alone when it rings no later than a new one would: rung early it does nothing
   * but arm itself again. It is never shorter than a millisecond, so a deadline that has passed and
   * stays passed does not become a busy loop.
   */
  #arm(): void {
    const deadline = this.#machine.pollTimeout();
    if (deadline === undefined) return;
    const now = this.#clock();
    // A longer wait is asked for again.
    const delay = Math.min(Math.max(1, Math.ceil(deadline - now)), MAX_TIMER_MS);
    const at = (now + delay) as Instant;
    if (this.#alarm && this.#alarm.at <= at) return;
    clearTimeout(this.#alarm?.timer);
    this.#alarm = { timer: setTimeout(this.#onAlarm, delay), at };
  }

  // After a stall of the event loop timers run first, while the datagrams that would have kept a
  // deadline from passing still wait in the kernel. So sockets are read before it counts as passed.
  readonly #onAlarm = (): void => {
    this.#now();
    this.#ring();
  };

  #ring(): void {
    clearTimeout(this.#alarm?.timer);
    this.#alarm = undefined;
    this.#alarmRang = true;
    this.#soon();
  }

  /** The time of an input. If the alarm should have rung long before it, nothing ran meanwhile. */
  #now(): Instant {
    const now = this.#clock();
    if (this.#alarm !== undefined && now - this.#alarm.at > STALL_MS) {
      this.#ring();
      this.#onStall(now);
    }
    return now;
  }

  #soon(): void {
    if (!this.#closed) this.#immediate ??= setImmediate(this.#onImmediate);
  }

  readonly #onImmediate = (): void => {
    this.#immediate = undefined;
    const now = this.#clock();
    const deadline = this.#alarmRang ? this.#machine.pollTimeout() : undefined;
    this.#alarmRang = false;
    if (deadline !== undefined && deadline <= now) this.#machine.handleTimeout(now);
    this.#drain();
  };
}

function abandon(channel: Channel): void {
  channel.onBatch(() => undefined);
  channel.onDrain(() => undefined);
  channel.onError(() => undefined);
}

// Twelve full batches: an acknowledgement for less is not worth a send while more is waiting. A
// quarter of a MiB made a transfer over loopback 8 % slower.
const DRAIN_BYTES = 768 << 10;

// Shorter than a path takes to fail for silence, and longer than any garbage collection.
const STALL_MS = 2000;
