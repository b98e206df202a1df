import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { isExpired, type Ticket } from '../../../src/client/tickets/ticket.ts';
import { decodeTicket, encodeTicket } from '../../../src/client/tickets/ticket-codec.ts';
import { RECEIVE_TICKET, SEND_TICKET } from './tickets.ts';

const { resumeSecret: _, offer: __, ...WAITING } = SEND_TICKET;
const TICKETS: Readonly<Record<string, Ticket>> = {
  'of a sender that has met its receiver': SEND_TICKET,
  'of a sender that waits': WAITING,
  'of a receiver': RECEIVE_TICKET,
};

describe('a ticket', () => {
  it.each(Object.entries(TICKETS))('%s is read as it was written', (_name, ticket) => {
    expect(decodeTicket(encodeTicket(ticket))).toEqual(ticket);
  });

  it('of a receiver has no code in it', () => {
    const text = new TextDecoder().decode(encodeTicket(RECEIVE_TICKET));
    expect(Object.keys(JSON.parse(text))).not.toContain('code');
  });

  it('lives for a day, whichever way the clock was set', () => {
    const day = 86_400_000;
    expect(isExpired(SEND_TICKET, SEND_TICKET.seenMs + day)).toBe(false);
    expect(isExpired(SEND_TICKET, SEND_TICKET.seenMs + day + 1)).toBe(true);
    expect(isExpired(SEND_TICKET, SEND_TICKET.seenMs - day)).toBe(false);
    expect(isExpired(SEND_TICKET, SEND_TICKET.seenMs - day - 1)).toBe(true);
  });
});

describe('what is no ticket', () => {
  it.each(Object.entries(TICKETS))('%s, cut off anywhere, is not read', (_name, ticket) => {
    const bytes = encodeTicket(ticket);
    // The last byte is a line's end, and nothing is lost with it.
    for (let length = 0; length < bytes.length - 1; length += 1) {
      expect(decodeTicket(bytes.subarray(0, length)), `${length} bytes`).toBeUndefined();
    }
  });

  const WRONG: Readonly<Record<string, readonly unknown[]>> = {
    version: [0, 2, '1', null],
    kind: ['', 'both', 1],
    id: ['', '../../etc/passwd', '0123ABCD', '012345678', 7],
    createdMs: [-1, 0.5, '1', 2 ** 60, null],
    seenMs: [-1, 1e300, [], null],
    ways: [null, [1], { lan: null }],
    request: [null, [], 'x', { path: null }, { path: {} }, { paths: [1] }],
    code: ['', '48213', '48213-acorn-velvet', '48213-acorn-velvet-zzzzzz', ['x'], null],
    ownerSecret: ['', '01', `${'01'.repeat(15)}0g`, '01'.repeat(17), 1, null],
    salt: ['01'.repeat(15), null],
    failedAttempts: [-1, '0', null],
    resumeSecret: ['', '03'.repeat(31), null],
  };
  const cases = Object.entries(WRONG).flatMap(([name, values]) =>
    values.map((value) => [name, value] as const),
  );
  it.each(cases)('with a wrong %s (%j) is not read', (name, value) => {
    const fields = { ...JSON.parse(new TextDecoder().decode(encodeTicket(SEND_TICKET))) };
    expect(decodeTicket(utf8(JSON.stringify({ ...fields, [name]: value })))).toBeUndefined();
  });

  it('nested beyond measure, or not UTF-8, is not read', () => {
    expect(decodeTicket(utf8('['.repeat(100_000)))).toBeUndefined();
    expect(decodeTicket(Uint8Array.of(0x7b, 0xff, 0x7d))).toBeUndefined();
  });

  it('may name an option `__proto__`, and changes nothing by it', () => {
    const text = new TextDecoder().decode(encodeTicket(RECEIVE_TICKET));
    const ticket = decodeTicket(utf8(text.replace('"out"', '"__proto__"')));
    expect(Object.keys(ticket?.request ?? {})).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(ticket?.request)).toBe(Object.prototype);
  });

  property.prop([fc.uint8Array(), fc.json()])('is never more than refused', (bytes, json) => {
    expect(decodeTicket(bytes)).toBeUndefined();
    expect(decodeTicket(utf8(json))).toBeUndefined();
  });
});

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
