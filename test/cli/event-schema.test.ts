import { describe, expect, it } from 'vitest';
import type { SteadyPhase } from '../../src/client/api/events.ts';
import { ERROR_CODES } from '../../src/protocol/errors.ts';
import { eventSchema, isEvent, requireEvent } from '../support/event-schema.ts';

/** All of them, or this does not compile. */
const PHASES: Readonly<Record<SteadyPhase, true>> = {
  'finding-server': true,
  'waiting-for-server': true,
  'waiting-for-peer': true,
  'waiting-for-turn': true,
  connecting: true,
  'waiting-for-offer': true,
  'waiting-for-answer': true,
  preparing: true,
  transferring: true,
  verifying: true,
};

describe('the schema of events', () => {
  it.each(Object.keys(PHASES))('has the phase %s', (phase) => {
    const line = JSON.stringify({ event: 'status', phase });
    expect(() => requireEvent(line)).not.toThrow();
  });

  it('has every error code', () => {
    expect(eventSchema.$defs.errorCode.enum).toEqual([...ERROR_CODES]);
  });

  it('has every definition among the events, or in use', () => {
    const text = JSON.stringify(eventSchema);
    for (const name of Object.keys(eventSchema.$defs)) expect(text).toContain(`#/$defs/${name}"`);
  });

  it('lets a newer version add fields, but not leave any out', () => {
    const done = { event: 'done', bytes: 1, travelledBytes: 1, ms: 2, path: 'relay' };
    expect(isEvent({ ...done, news: 1 })).toBe(true);
    expect(isEvent({ ...done, path: undefined })).toBe(false);
    expect(isEvent({ ...done, bytes: '1' })).toBe(false);
    expect(isEvent({ event: 'nothing' })).toBe(false);
  });

  it('is held to in all its fields by our own tests', () => {
    const done = { event: 'done', bytes: 1, travelledBytes: 1, ms: 2, path: 'relay' };
    expect(() => requireEvent(JSON.stringify(done))).not.toThrow();
    expect(() => requireEvent(JSON.stringify({ ...done, news: 1 }))).toThrow('not in docs');
  });
});
