import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeDiscover,
  decodeHere,
  encodeDiscover,
  encodeHere,
} from '../../../src/protocol/rendezvous/lan-discovery.ts';
import {
  decodeReply,
  encodeBound,
  encodeChallenge,
  encodeClaimed,
  encodeClosed,
  encodeDeliver,
  encodeError,
  encodeObserved,
  encodeRefreshed,
  encodeRegistered,
} from '../../../src/protocol/rendezvous/replies.ts';
import {
  decodeBind,
  decodeClaim,
  decodeClose,
  decodeObserve,
  decodePost,
  decodeRefresh,
  decodeRegister,
  encodeBind,
  encodeClaim,
  encodeClose,
  encodeObserve,
  encodePost,
  encodeRefresh,
  encodeRegister,
  openRequest,
  REPLY_SOURCES,
} from '../../../src/protocol/rendezvous/requests.ts';
import { UNSPECIFIED } from '../../../src/protocol/wire/endpoint.ts';
import { checksummed } from './checksummed.ts';

/** Bytes that count upwards from `first`, so that every field can be told apart. */
function run(first: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => first + i);
}

const txid = run(0x01, 8);
const head = { txid, token: run(0x10, 16) };
const nameplate = 48_213;
const v4 = { address: '203.0.113.7', port: 9421 };
const v6 = { address: '2001:db8::1', port: 443 };
const claimId = run(0x40, 16);
const secret = run(0x60, 16);
const body = run(0x80, 5);
const connectionId = run(0xc0, 8);
const relayToken = run(0xa0, 16);

const REQUESTS = {
  register: encodeRegister(head, { ownerSecret: secret, wanted: 7, isOpen: true, hello: body }),
  refresh: encodeRefresh(head, { nameplate, ownerSecret: secret }),
  claim: encodeClaim(head, { nameplate, claimId, claimSecret: secret }),
  post: encodePost(head, { nameplate, claimId, secret, body }),
  bind: encodeBind(head, { nameplate, claimId, secret, relayToken, connectionId }),
  close: encodeClose(head, { nameplate, secret, outcome: 'cancelled' }),
  observe: encodeObserve(head, { replyFrom: 'other-address' }),
};

const REPLIES = {
  challenge: encodeChallenge(txid, run(0x10, 16), v4),
  registered: encodeRegistered(txid, nameplate, v4),
  refreshed: encodeRefreshed(txid, v6),
  claimed: encodeClaimed(txid, v4, body),
  deliver: encodeDeliver(txid, claimId, v6, body),
  bound: encodeBound(txid, true),
  closed: encodeClosed(txid),
  observed: encodeObserved(txid, v4, { alternatePort: 9422, alternateAddress: v6 }),
  error: encodeError(txid, 'rate-limited'),
};

const DISCOVERY = {
  discover: encodeDiscover({ txid, nameplate }),
  here: encodeHere({ txid, nameplate }),
};

const golden: Record<string, string> = JSON.parse(
  readFileSync(new URL('../../vectors/rendezvous-golden.json', import.meta.url), 'utf8'),
);

describe('rendezvous messages', () => {
  it.each(Object.entries({ ...REQUESTS, ...REPLIES, ...DISCOVERY }))(
    'writes %s as the golden bytes',
    (name, packet) => {
      expect(Buffer.from(packet).toString('hex')).toBe(golden[name]);
    },
  );

  it('reads every request back', () => {
    const read = <Fields>(
      packet: Uint8Array,
      decode: (fields: NonNullable<ReturnType<typeof openRequest>>['fields']) => Fields,
    ): Fields | undefined => {
      const request = openRequest(packet);
      expect(request).toMatchObject({ txid, token: head.token, version: 1 });
      return request && decode(request.fields);
    };
    const register = { ownerSecret: secret, wanted: 7, isOpen: true, hello: body };
    expect(read(REQUESTS.register, decodeRegister)).toEqual(register);
    expect(read(REQUESTS.refresh, decodeRefresh)).toEqual({ nameplate, ownerSecret: secret });
    const claim = { nameplate, claimId, claimSecret: secret };
    expect(read(REQUESTS.claim, decodeClaim)).toEqual(claim);
    expect(read(REQUESTS.post, decodePost)).toEqual({ nameplate, claimId, secret, body });
    const bind = { nameplate, claimId, secret, relayToken, connectionId };
    expect(read(REQUESTS.bind, decodeBind)).toEqual(bind);
    const close = { nameplate, secret, outcome: 'cancelled' };
    expect(read(REQUESTS.close, decodeClose)).toEqual(close);
    expect(read(REQUESTS.observe, decodeObserve)).toEqual({ replyFrom: 'other-address' });
  });

  it('takes the register of a client that does not know of several for one guest', () => {
    const older =
      '0000000000000000100042010203040506070814d2c71c01101112131415161718191a1b1c1d1e1f' +
      '606162636465666768696a6b6c6d6e6f00000007058081828384';
    const request = openRequest(Uint8Array.from(Buffer.from(older, 'hex')));
    const register = { ownerSecret: secret, wanted: 7, isOpen: false, hello: body };
    expect(request && decodeRegister(request.fields)).toEqual(register);
  });

  it.each([
    [REPLIES.challenge, { kind: 'challenge', token: run(0x10, 16), observed: v4 }],
    [REPLIES.registered, { kind: 'registered', nameplate, observed: v4 }],
    [REPLIES.refreshed, { kind: 'refreshed', observed: v6 }],
    [REPLIES.claimed, { kind: 'claimed', observed: v4, hello: body }],
    [REPLIES.deliver, { kind: 'deliver', claimId, peer: v6, body }],
    [REPLIES.bound, { kind: 'bound', paired: true }],
    [REPLIES.closed, { kind: 'closed' }],
    [
      REPLIES.observed,
      { kind: 'observed', observed: v4, alternatePort: 9422, alternateAddress: v6 },
    ],
    [REPLIES.error, { kind: 'error', refusal: 'rate-limited' }],
  ])('reads every reply back (%#)', (packet, reply) => {
    expect(decodeReply(packet)).toEqual({ txid, reply });
  });
});

describe('rendezvous messages that are not', () => {
  const whole = [...Object.values(REQUESTS), ...Object.values(REPLIES)];

  it('are refused when cut at any byte', () => {
    for (const packet of whole) {
      for (let end = 0; end < packet.length; end += 1) {
        expect(openRequest(packet.subarray(0, end))).toBeUndefined();
        expect(decodeReply(packet.subarray(0, end))).toBeUndefined();
      }
    }
  });

  it('are refused with a connection id', () => {
    for (const packet of whole) {
      const other = packet.slice();
      other[3] = 1;
      expect(openRequest(checksummed(other))).toBeUndefined();
      expect(decodeReply(checksummed(other))).toBeUndefined();
    }
  });

  it('are refused without their padding: an answer would be larger', () => {
    const short = REQUESTS.claim.slice(0, 319);
    short.set([319 >> 8, 319 & 0xff], 9);
    expect(openRequest(checksummed(short))).toBeUndefined();
    const discover = DISCOVERY.discover.slice(0, 63);
    discover.set([0, 63], 9);
    expect(decodeDiscover(checksummed(discover))).toBeUndefined();
  });

  it('are refused when a single bit of them flips', () => {
    for (const packet of [...whole, ...Object.values(DISCOVERY)]) {
      for (let bit = 0; bit < 8 * packet.length; bit += 1) {
        const other = packet.slice();
        other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
        expect([
          openRequest(other),
          decodeReply(other),
          decodeDiscover(other),
          decodeHere(other),
        ]).toEqual([undefined, undefined, undefined, undefined]);
      }
    }
  });

  it('never make a decoder throw, whichever bytes change', () => {
    const decoders = [decodeRegister, decodeRefresh, decodeClaim, decodePost, decodeBind];
    const mutation = fc.record({
      packet: fc.constantFrom(...whole),
      at: fc.nat(400),
      with: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    fc.assert(
      fc.property(mutation, ({ packet, at, with: bytes }) => {
        const altered = packet.slice();
        const start = Math.min(at, altered.length);
        altered.set(bytes.subarray(0, altered.length - start), start);
        const other = checksummed(altered);
        decodeReply(other);
        decodeDiscover(other);
        decodeHere(other);
        for (const decode of [...decoders, decodeClose, decodeObserve]) {
          const request = openRequest(other);
          if (request) decode(request.fields);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

const arbitraryEndpoint = fc.oneof(
  fc.record({ address: fc.ipV4(), port: fc.integer({ min: 1, max: 65_535 }) }),
  fc.constant(UNSPECIFIED),
);
const arbitraryBytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe('OBSERVE and OBSERVED', () => {
  it('come back as they were written, and the answer is smaller', () => {
    fc.assert(
      fc.property(
        fc.record({ txid: arbitraryBytes(8), token: arbitraryBytes(16) }),
        fc.constantFrom(...REPLY_SOURCES),
        fc.record({
          observed: arbitraryEndpoint,
          alternateAddress: arbitraryEndpoint,
          alternatePort: fc.nat(65_535),
        }),
        (asked, replyFrom, { observed, ...alternates }) => {
          const question = encodeObserve(asked, { replyFrom });
          const answer = encodeObserved(asked.txid, observed, alternates);
          const request = openRequest(question);
          expect(request).toMatchObject(asked);
          expect(request && decodeObserve(request.fields)).toEqual({ replyFrom });
          const reply = { kind: 'observed', observed, ...alternates };
          expect(decodeReply(answer)).toEqual({ txid: asked.txid, reply });
          expect(answer.length).toBeLessThan(question.length);
        },
      ),
    );
  });

  it('know no other sources of a reply', () => {
    const packet = REQUESTS.observe.slice();
    packet[40] = 3;
    const request = openRequest(checksummed(packet));
    expect(request?.type).toBe(0x16);
    expect(request && decodeObserve(request.fields)).toBeUndefined();
  });
});

describe('LAN discovery', () => {
  it('reads question and answer back, and takes neither for the other', () => {
    expect(decodeDiscover(DISCOVERY.discover)).toEqual({ txid, nameplate });
    expect(decodeHere(DISCOVERY.here)).toEqual({ txid, nameplate });
    expect(decodeDiscover(DISCOVERY.here)).toBeUndefined();
    expect(decodeHere(DISCOVERY.discover)).toBeUndefined();
  });

  it('answers with less than was asked', () => {
    expect(DISCOVERY.discover).toHaveLength(64);
    expect(DISCOVERY.here).toHaveLength(27);
  });
});
