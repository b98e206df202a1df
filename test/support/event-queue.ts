import { type Instant, instant } from '../../src/protocol/time.ts';
import type { Packet } from './packet.ts';

/** What is told when the time of an event has come. */
export interface EventTarget {
  fire(event: SimulatedEvent, now: Instant): void;
}

/** Something that happens at a point in virtual time. */
export interface SimulatedEvent {
  readonly at: Instant;
  /** Events of one instant happen in the order in which they were scheduled. */
  readonly order: number;
  readonly target: EventTarget;
  /** The packet in question. Whoever takes it out cancels the event. */
  packet: Packet | undefined;
}

/** The clock of a simulation: a binary heap of what is still to come. Time jumps from one to the next. */
export class EventQueue {
  readonly #heap: SimulatedEvent[] = [];
  #now: Instant;
  #scheduled = 0;

  constructor(origin: Instant) {
    this.#now = origin;
  }

  get now(): Instant {
    return this.#now;
  }

  /** When the next event is due; `undefined` if nothing is to come. */
  get next(): Instant | undefined {
    return this.#heap[0]?.at;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Lets `target` fire at `at`, or now if that is past. */
  schedule(at: Instant, target: EventTarget, packet?: Packet): SimulatedEvent {
    const when = at > this.#now ? at : this.#now;
    const event = { at: when, order: this.#scheduled, target, packet };
    this.#scheduled += 1;
    this.#rise(event);
    return event;
  }

  /** Moves the clock to the next event and lets it happen. */
  step(): void {
    const event = this.#heap[0];
    if (event === undefined) throw new Error('unreachable: nothing is scheduled');
    const last = this.#heap.pop() as SimulatedEvent;
    if (this.#heap.length > 0) this.#sink(last);
    this.#now = event.at;
    event.target.fire(event, event.at);
  }

  /** Moves the clock ahead to `to` if no event lies before it. */
  advance(to: Instant): void {
    this.#now = instant(Math.max(this.#now, Math.min(to, this.next ?? to)));
  }

  #rise(event: SimulatedEvent): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as SimulatedEvent;
      if (!precedes(event, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = event;
  }

  #sink(event: SimulatedEvent): void {
    const heap = this.#heap;
    const length = heap.length;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= length) break;
      let child = heap[childIndex] as SimulatedEvent;
      const right = heap[childIndex + 1];
      if (right !== undefined && precedes(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (!precedes(child, event)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = event;
  }
}

function precedes(a: SimulatedEvent, b: SimulatedEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
