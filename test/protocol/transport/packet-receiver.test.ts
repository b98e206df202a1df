import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instant, millis } from '../../../src/protocol/time.ts';
import { Connection } from '../../../src/protocol/transport/connection.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { crypto, keyPair } from './record-end.ts';

const NOW = instant(1_000_000);
const REMOTE = { address: '192.0.2.1', port: 9 };
const SIZE = 2500;

/** A receiver, and the three data packets of each record, of one byte repeated, that its peer sends. */
function receiving(count = 1) {
  const random = new SeededRandom(3);
  const [ours, theirs] = keyPair(random);
  let records = count;
  const end = (keys: typeof ours, source: () => Uint8Array[] | undefined) => {
    const connection = new Connection({ keys, crypto, random, rtt: millis(50), source }, NOW);
    connection.usePath(REMOTE, millis(50), NOW);
    return connection;
  };
  const sender = end(theirs, () =>
    records-- > 0 ? [new Uint8Array(SIZE).fill(records)] : undefined,
  );
  const packets: Uint8Array[] = [];
  // The pacer spreads them over some milliseconds.
  for (let at = NOW; at < NOW + 20; at = instant(at + 1)) {
    const out = sender.pollTransmit(at);
    for (let start = 0; out && start < out.payload.length; start += out.segmentSize) {
      packets.push(out.payload.slice(start, start + out.segmentSize));
    }
  }
  return { receiver: end(ours, () => undefined), packets };
}

describe('a batch of packets', () => {
  it('makes a record, in one piece or in many', () => {
    for (const joined of [true, false]) {
      const { receiver, packets } = receiving();
      expect(packets.length).toBe(3);
      for (const batch of joined ? [Buffer.concat(packets)] : packets) {
        expect(receiver.handleBatch(batch, NOW)).toBe(true);
      }
      expect(receiver.pollEvent()).toMatchObject({ kind: 'record', plaintext: { length: SIZE } });
    }
  });

  it('makes several records, each of its own packets', () => {
    const { receiver, packets } = receiving(3);
    expect(packets.length).toBe(9);
    receiver.handleBatch(Buffer.concat(packets), NOW);
    for (const byte of [2, 1, 0]) {
      const event = receiver.pollEvent();
      const plaintext = event?.kind === 'record' ? [...event.plaintext] : [];
      expect(plaintext).toEqual(Array(SIZE).fill(byte));
    }
  });

  it('with any bit of a header or tag flipped loses that packet, and takes the genuine one after', () => {
    const { receiver, packets } = receiving();
    const [first = new Uint8Array(0), ...others] = packets;
    for (let bit = 0; bit < 8 * 32; bit += 1) {
      const forged = first.slice();
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(receiver.handleBatch(forged, NOW), `bit ${bit}`).toBe(false);
    }
    // Nothing of it is held against the genuine packets.
    receiver.handleBatch(Buffer.concat([first, ...others]), NOW);
    expect(receiver.pollEvent()).toMatchObject({ kind: 'record' });
    const { foreign, forged = 0, malformed = 0 } = receiver.counters;
    expect(foreign).toBe(64);
    // A shorter length leaves a rest that is dropped and counted as well.
    expect(forged + malformed).toBeGreaterThanOrEqual(192);
  });

  it('counts what comes twice, and hands the record up once', () => {
    const { receiver, packets } = receiving();
    const batch = Buffer.concat(packets);
    receiver.handleBatch(Buffer.concat([batch, batch]), NOW);
    expect(receiver.handleBatch(batch, NOW)).toBe(false);
    expect(receiver.counters).toMatchObject({ duplicate: 6 });
    expect([receiver.pollEvent()?.kind, receiver.pollEvent()]).toEqual(['record', undefined]);
  });

  it('is never read past its end, whatever it holds', () => {
    const { receiver, packets } = receiving();
    const good = Buffer.concat(packets);
    const damaged = fc
      .array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { maxLength: 6 })
      .chain((changes) => fc.nat({ max: good.length }).map((length) => ({ changes, length })))
      .map(({ changes, length }) => {
        const copy = new Uint8Array(good);
        // Headers are the first 32 bytes of each 1,200.
        for (const [at, value] of changes) copy[(at % 3) * 1200 + (at % 32)] = value;
        return copy.subarray(0, length);
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), (batch) => {
        receiver.handleBatch(batch, NOW);
      }),
      { numRuns: 300 },
    );
    receiver.handleBatch(good, NOW);
    expect(receiver.pollEvent()?.kind).toBe('record');
  });
});
