import { describe, expect, it } from 'vitest';
import { EventQueue, limits } from '../../../src/client/api/event-queue.ts';
import type { TransferEvent } from '../../../src/client/api/events.ts';

const PATH: TransferEvent = {
  event: 'path',
  kind: 'direct',
  via: 'host',
  local: '127.0.0.1:1',
  remote: '127.0.0.1:2',
  rttMs: 1,
};

describe('EventQueue', () => {
  it('hands out each event once', () => {
    const queue = new EventQueue();
    queue.push(PATH);
    expect(queue.take()).toEqual([PATH]);
    expect(queue.take()).toEqual([]);
  });

  it('loses a moment for a newer one, and nothing that lasts', () => {
    const queue = new EventQueue();
    for (let n = 0; n < 2 * limits.passing; n += 1) {
      queue.push({ ...PATH, rttMs: n });
      queue.push({ event: 'file', path: String(n), bytes: n, status: 'sent' });
    }
    const events = queue.take();
    expect(events.filter(({ event }) => event === 'file')).toHaveLength(2 * limits.passing);
    const moments = events.flatMap((event) => (event.event === 'path' ? [event.rttMs] : []));
    const newest = Array.from({ length: limits.passing }, (_, n) => limits.passing + n);
    expect(moments).toEqual(newest);
  });

  it('has a limit for what lasts as well', () => {
    const queue = new EventQueue();
    queue.push(PATH);
    for (let n = 0; n < limits.lasting + 2; n += 1) {
      queue.push({ event: 'file', path: '', bytes: n, status: 'sent' });
    }
    const [moment, oldest, ...others] = queue.take();
    expect(moment).toEqual(PATH);
    expect(oldest).toMatchObject({ bytes: 2 });
    expect(others).toHaveLength(limits.lasting - 1);
  });
});
