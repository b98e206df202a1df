import { TRANSFER_LIMITS } from '../../protocol/transfer/limits.ts';
import type { TransferEvent } from './events.ts';

export const limits = {
  /** Of events that say what is just now: a transfer has about ten, and more are changes of paths. */
  passing: 256,
  /** Of all others, of which there are hardly more than things that are sent. */
  lasting: TRANSFER_LIMITS.entries + 1024,
} as const;

/** Events that nobody has read yet, in their order. */
export class EventQueue {
  #events: TransferEvent[] = [];
  #passing = 0;

  /** Queues an event. What only counts on replaces its like; a full queue loses the oldest of its sort. */
  push(event: TransferEvent): void {
    const last = this.#events.at(-1);
    if (last !== undefined && isOutdated(last, event)) {
      this.#events[this.#events.length - 1] = event;
      return;
    }
    this.#events.push(event);
    if (isPassing(event)) this.#passing += 1;
    if (this.#passing > limits.passing) {
      this.#lose(isPassing);
      this.#passing -= 1;
    } else if (this.#events.length - this.#passing > limits.lasting) {
      this.#lose((one) => !isPassing(one));
    }
  }

  /** All that there are; they are not in the queue any more. */
  take(): readonly TransferEvent[] {
    const events = this.#events;
    this.#events = [];
    this.#passing = 0;
    return events;
  }

  #lose(isMeant: (event: TransferEvent) => boolean): void {
    this.#events.splice(this.#events.findIndex(isMeant), 1);
  }
}

/** Whether an event says what is just now, and nothing that has to be known afterwards. */
function isPassing({ event }: TransferEvent): boolean {
  return event === 'progress' || event === 'status' || event === 'path';
}

function isOutdated(last: TransferEvent, event: TransferEvent): boolean {
  const isAlike = last.event === event.event && last.receiver === event.receiver;
  return isAlike && isCounter(last) && isCounter(event);
}

/** Whether an event says nothing that a later one of its kind does not say. */
function isCounter(event: TransferEvent): boolean {
  if (event.event === 'progress') return true;
  return event.event === 'status' && (event.phase === 'reconnecting' || event.phase === 'stalled');
}
