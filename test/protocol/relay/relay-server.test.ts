import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import type { Transmit } from '../../../src/protocol/machine.ts';
import type { Binding, SideName } from '../../../src/protocol/relay/allocations.ts';
import {
  DEFAULT_RELAY_LIMITS,
  type RelayLimits,
} from '../../../src/protocol/relay/relay-limits.ts';
import { RelayServer } from '../../../src/protocol/relay/relay-server.ts';
import { instant } from '../../../src/protocol/time.ts';
import { type Endpoint, FOREIGN_STREAM } from '../../../src/protocol/wire/endpoint.ts';

const OWNER: Endpoint = { address: '203.0.113.1', port: 5001 };
const CLAIM: Endpoint = { address: '203.0.113.2', port: 5002 };
const STRANGER: Endpoint = { address: '203.0.113.3', port: 5003 };
/** The connection ids that each side receives. */
const TO_OWNER = 0xaa;
const TO_CLAIM = 0xbb;
const start = instant(0);
const SECONDS = 1000;
const { equal } = createCrypto();

function newRelay(limits: Partial<RelayLimits> = {}, allowPrivate = true): RelayServer {
  return new RelayServer({ limits: { ...DEFAULT_RELAY_LIMITS, ...limits }, allowPrivate, equal });
}

function binding(side: SideName, more: Partial<Binding> = {}): Binding {
  const remote = side === 'owner' ? OWNER : CLAIM;
  const id = side === 'owner' ? TO_OWNER : TO_CLAIM;
  return {
    key: 'pair',
    side,
    remote,
    source: more.remote?.address ?? remote.address,
    tokenHash: new Uint8Array(32).fill(5),
    connectionId: new Uint8Array(8).fill(id),
    ...more,
  };
}

function paired(limits: Partial<RelayLimits> = {}): RelayServer {
  const relay = newRelay(limits);
  relay.bind(binding('owner'), start);
  relay.bind(binding('claim'), start);
  return relay;
}

/** One session packet of `length` bytes for the side that receives under `id`. */
function packet(id: number, length: number, fill = 1): Uint8Array {
  const bytes = new Uint8Array(length).fill(fill);
  bytes.fill(id, 0, 8);
  bytes.set([0x40, length >> 8, length & 0xff], 8);
  return bytes;
}

/** Hands a batch over run by run, as the server does; yields what comes out. */
function forward(relay: RelayServer, batch: Uint8Array, from: Endpoint, now = 0): Transmit[] {
  for (let at = 0; at < batch.length; ) at = relay.forward(batch, at, from, instant(now));
  const sent: Transmit[] = [];
  for (let out = relay.pollTransmit(); out; out = relay.pollTransmit()) sent.push(out);
  return sent;
}

function shape(sent: readonly Transmit[]): [Endpoint, number, number][] {
  return sent.map(({ remote, payload, segmentSize }) => [remote, payload.length, segmentSize]);
}

describe('forwarding', () => {
  it('copies packets unchanged, each way to the other side', () => {
    const relay = paired();
    const there = packet(TO_CLAIM, 1200, 7);
    const back = packet(TO_OWNER, 90, 8);
    const [out] = forward(relay, there, OWNER);
    expect(out).toEqual({ remote: CLAIM, payload: there, segmentSize: 1200 });
    expect(forward(relay, back, CLAIM)).toEqual([
      { remote: OWNER, payload: back, segmentSize: 90 },
    ]);
    expect(relay.counters).toMatchObject({ packets: 2, bytes: 1290 });
  });

  it('sends a coalesced batch as one batch, its last packet shorter', () => {
    const batch = Buffer.concat([
      ...Array.from({ length: 53 }, () => packet(TO_CLAIM, 1200)),
      packet(TO_CLAIM, 300),
    ]);
    expect(shape(forward(paired(), batch, OWNER))).toEqual([[CLAIM, 53 * 1200 + 300, 1200]]);
  });

  it('cuts mixed sizes into runs of one size, and loses nothing', () => {
    const sizes = [300, 1200, 1200, 200, 200, 1400];
    const batch = Buffer.concat(sizes.map((size) => packet(TO_CLAIM, size)));
    const sent = forward(paired(), batch, OWNER);
    expect(shape(sent)).toEqual([
      [CLAIM, 300, 300],
      [CLAIM, 2600, 1200],
      [CLAIM, 200, 200],
      [CLAIM, 1400, 1400],
    ]);
    expect(Buffer.concat(sent.map(({ payload }) => payload))).toEqual(batch);
  });

  it('puts at most 64 packets and 65,000 bytes into one batch', () => {
    const many = Buffer.concat(Array.from({ length: 100 }, () => packet(TO_CLAIM, 50)));
    expect(shape(forward(paired(), many, OWNER))).toEqual([
      [CLAIM, 3200, 50],
      [CLAIM, 1800, 50],
    ]);
    const large = Buffer.concat(Array.from({ length: 3 }, () => packet(TO_CLAIM, 21_700)));
    expect(forward(paired(), large.subarray(0, 65_100), OWNER)).toHaveLength(2);
  });
});

describe('what a relay does not forward', () => {
  it('is from strangers, under foreign connection ids, or for its own sender', () => {
    const relay = paired();
    expect(forward(relay, packet(TO_CLAIM, 100), STRANGER)).toEqual([]);
    expect(forward(relay, packet(TO_CLAIM, 100), { ...OWNER, port: 9 })).toEqual([]);
    expect(forward(relay, packet(0xcc, 100), OWNER)).toEqual([]);
    expect(forward(relay, packet(TO_OWNER, 100), OWNER)).toEqual([]);
    expect(relay.counters).toMatchObject({ packets: 0, droppedStrangers: 4 });
  });

  it('is the foreign part of a batch, but the rest is', () => {
    const batch = Buffer.concat([packet(TO_CLAIM, 100), packet(0xcc, 100), packet(TO_CLAIM, 100)]);
    const relay = paired();
    expect(shape(forward(relay, batch, OWNER))).toEqual([
      [CLAIM, 100, 100],
      [CLAIM, 100, 100],
    ]);
    expect(relay.counters.droppedStrangers).toBe(1);
  });

  it('is anything before both sides are bound', () => {
    const relay = newRelay();
    relay.bind(binding('owner'), start);
    expect(forward(relay, packet(TO_CLAIM, 100), OWNER)).toEqual([]);
  });

  it('is a released session, while another one between the same endpoints goes on', () => {
    const relay = paired();
    const id = (fill: number) => new Uint8Array(8).fill(fill);
    relay.bind(binding('owner', { key: 'second', connectionId: id(0x11) }), start);
    relay.bind(binding('claim', { key: 'second', connectionId: id(0x22) }), start);
    expect(forward(relay, packet(0x22, 100), OWNER)).toHaveLength(1);
    expect(forward(relay, packet(TO_CLAIM, 100), OWNER)).toHaveLength(1);
    relay.release('second');
    expect(forward(relay, packet(0x22, 100), OWNER)).toHaveLength(0);
    expect(forward(relay, packet(TO_CLAIM, 100), OWNER)).toHaveLength(1);
  });
});

describe('memory of a relay', () => {
  it('holds its own copy until the sender releases it, and then uses it again', () => {
    const relay = paired({ pooledBuffers: 1 });
    const batch = Buffer.concat([packet(TO_CLAIM, 5000, 1)]);
    const [first] = forward(relay, batch, OWNER);
    batch.fill(0);
    expect(first?.payload[20]).toBe(1);
    const [second] = forward(relay, packet(TO_CLAIM, 5000, 2), OWNER);
    expect(second?.release).toBeUndefined();
    expect(first?.payload[20]).toBe(1);
    first?.release?.();
    const [third] = forward(relay, packet(TO_CLAIM, 5000, 3), OWNER);
    expect(third?.payload.buffer).toBe(first?.payload.buffer);
  });

  it('drops and counts what comes faster than it is sent', () => {
    const relay = paired({ queuedBatches: 2 });
    const batch = packet(TO_CLAIM, 100);
    for (let i = 0; i < 5; i += 1) relay.forward(batch, 0, OWNER, start);
    expect(relay.counters).toMatchObject({ packets: 2, droppedFull: 3 });
  });
});

describe('binding', () => {
  it('waits for the other side, opens with it, and says so again', () => {
    const relay = newRelay();
    expect(relay.bind(binding('owner'), start)).toBe('waiting');
    expect(relay.bind(binding('owner'), start)).toBe('waiting');
    expect(relay.bind(binding('claim'), start)).toBe('opened');
    expect(relay.bind(binding('owner'), start)).toBe('paired');
    expect(relay.size).toBe(1);
  });

  it('moves a side that binds again from elsewhere, and forgets where it was', () => {
    const relay = paired();
    const moved = { address: '203.0.113.77', port: 7 };
    expect(relay.bind(binding('claim', { remote: moved }), start)).toBe('paired');
    expect(shape(forward(relay, packet(TO_CLAIM, 100), OWNER))).toEqual([[moved, 100, 100]]);
    expect(forward(relay, packet(TO_OWNER, 100), CLAIM)).toEqual([]);
    expect(shape(forward(relay, packet(TO_OWNER, 100), moved))).toEqual([[OWNER, 100, 100]]);
  });

  it('refuses two sides whose relay tokens differ, or that are one endpoint', () => {
    const relay = newRelay();
    relay.bind(binding('owner'), start);
    const other = new Uint8Array(32).fill(6);
    expect(relay.bind(binding('claim', { tokenHash: other }), start)).toBe('refused');
    expect(relay.bind(binding('claim', { remote: OWNER }), start)).toBe('refused');
    expect(relay.bind(binding('claim'), start)).toBe('opened');
  });

  it('ends 30 s after the first side when the other does not come', () => {
    const relay = newRelay();
    relay.bind(binding('owner'), start);
    relay.sweep(instant(30 * SECONDS - 1));
    expect(relay.size).toBe(1);
    relay.sweep(instant(30 * SECONDS));
    expect(relay.size).toBe(0);
  });

  it('ends after 60 s of silence, which every forwarded packet breaks', () => {
    const relay = paired();
    expect(forward(relay, packet(TO_CLAIM, 100), OWNER, 59 * SECONDS)).toHaveLength(1);
    expect(forward(relay, packet(TO_CLAIM, 100), OWNER, 118 * SECONDS)).toHaveLength(1);
    expect(forward(relay, packet(0xcc, 100), OWNER, 170 * SECONDS)).toHaveLength(0);
    expect(forward(relay, packet(TO_CLAIM, 100), OWNER, 178 * SECONDS)).toHaveLength(0);
    expect(relay.size).toBe(0);
  });

  it('ends after 12 h in any case', () => {
    const relay = paired();
    const end = 12 * 3600 * SECONDS;
    for (let now = 0; now < end; now += 30 * SECONDS) {
      expect(forward(relay, packet(TO_CLAIM, 100), OWNER, now)).toHaveLength(1);
    }
    expect(forward(relay, packet(TO_CLAIM, 100), OWNER, end)).toHaveLength(0);
  });

  it('is limited in all and per source', () => {
    const relay = newRelay({ sessions: 3, sessionsPerHost: 2 });
    const bind = (key: string, address: string) =>
      relay.bind(binding('owner', { key, remote: { address, port: 1 } }), start);
    expect([bind('a', '203.0.113.1'), bind('b', '203.0.113.1'), bind('c', '203.0.113.1')]).toEqual([
      'waiting',
      'waiting',
      'busy',
    ]);
    expect([bind('c', '203.0.113.2'), bind('d', '203.0.113.3')]).toEqual(['waiting', 'busy']);
    expect(bind('a', '203.0.113.1')).toBe('waiting');
    expect(relay.size).toBe(3);
  });
});

describe('where a public relay sends', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    'ff02::1',
    '2002:a00:1::1',
    '2001:0:a00:1::1',
    '::ffff:10.0.0.1',
  ])('is never %s', (address) => {
    const remote = { address, port: 4000 };
    expect(newRelay({}, false).bind(binding('owner', { remote }), start)).toBe('refused');
    expect(newRelay({}, true).bind(binding('owner', { remote }), start)).toBe('waiting');
  });

  it.each(['8.8.8.8', '172.32.0.1', '2a00:1450::1', '2001:db8::1'])('may be %s', (address) => {
    const remote = { address, port: 4000 };
    expect(newRelay({}, false).bind(binding('owner', { remote }), start)).toBe('waiting');
  });

  it('may be any where a connection came from', () => {
    const remote = { address: '10.0.0.1', port: 4000, base: FOREIGN_STREAM + 1 };
    expect(newRelay({}, false).bind(binding('owner', { remote }), start)).toBe('waiting');
  });
});
