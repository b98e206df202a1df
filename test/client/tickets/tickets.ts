import type { ReceiveTicket, SendTicket } from '../../../src/client/tickets/ticket.ts';

export const SEND_TICKET: SendTicket = {
  kind: 'send',
  id: '01234567',
  createdMs: 1_000_000,
  seenMs: 2_000_000,
  request: { paths: ['/home/me/one', '/home/me/two'], text: false, name: 'two' },
  ways: { servers: ['relay.example'], lan: true, route: 'any' },
  offer: { name: 'one', entries: 2, bytes: 12 },
  code: { nameplate: 48_213, words: ['acorn', 'velvet', 'walnut'] },
  ownerSecret: new Uint8Array(16).fill(1),
  salt: new Uint8Array(16).fill(2),
  failedAttempts: 1,
  served: 2,
  unserved: 1,
  resumeSecret: new Uint8Array(32).fill(3),
};

export const RECEIVE_TICKET: ReceiveTicket = {
  kind: 'receive',
  id: 'fedcba98',
  createdMs: 1_000_000,
  seenMs: 2_000_000,
  request: { out: '/home/me/in' },
  ways: { servers: [], lan: true, route: 'direct' },
  codeSalt: new Uint8Array(16).fill(4),
  codeHash: new Uint8Array(32).fill(5),
  resumeSecret: new Uint8Array(32).fill(6),
  isOneOfSeveral: true,
  folder: '/home/me/in',
  settled: 'c0ffee',
  result: '/inbox/a.bin',
};
