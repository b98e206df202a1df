import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DATA_HEADER_BYTES } from '../../../src/protocol/transport/data-packet.ts';
import { OutgoingRecord } from '../../../src/protocol/transport/outgoing-record.ts';

/** Bytes that tell where they lie. */
function ciphertext(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

function record(length: number, slice: number): OutgoingRecord {
  const record = new OutgoingRecord(4, new Uint8Array(65_000), slice, length);
  record.sealed.set(ciphertext(length));
  record.spread();
  return record;
}

function wanted(of: OutgoingRecord): number[] {
  return Array.from({ length: of.sliceCount }, (_, i) => i).filter((i) => of.isWanted(i));
}

function sendAll(of: OutgoingRecord): void {
  of.markSent(0, of.sliceCount);
}

describe('the layout of a record', () => {
  it('leaves a packet header free before each slice', () => {
    const one = record(250, 100);
    expect([one.length, one.sliceCount, one.sliceLength(1), one.sliceLength(2)]).toEqual([
      250, 3, 100, 50,
    ]);
    expect([0, 1, 2].map((slice) => one.packetStart(slice))).toEqual([0, 132, 264]);
    const first = one.packets.subarray(DATA_HEADER_BYTES, 132);
    expect(first).toEqual(ciphertext(250).subarray(0, 100));
    expect(one.packets.subarray(264 + DATA_HEADER_BYTES, 264 + 82)).toEqual(
      ciphertext(250).subarray(200),
    );
  });

  it('is stepped over by copies: any bytes are those of the ciphertext', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 50, max: 1200 }),
        fc.nat(),
        fc.nat(),
        (length, slice, from, to) => {
          const start = from % length;
          const end = start + (to % (length - start + 1));
          const into = new Uint8Array(end - start + 3);
          record(length, slice).copy(start, end - start, into, 3);
          expect(into.subarray(3)).toEqual(ciphertext(length).subarray(start, end));
        },
      ),
    );
  });
});

describe('what is acknowledged of a record', () => {
  it('counts only slices that lie wholly in the acknowledged bytes', () => {
    const one = record(250, 100);
    sendAll(one);
    one.markAcked(50, 150);
    one.markLost(0, 250, () => {});
    expect(wanted(one)).toEqual([0, 2]);
    one.markAcked(0, 100);
    one.markAcked(0, 100);
    expect(one.isAcked).toBe(false);
    one.markAcked(200, 50);
    expect(one.isAcked).toBe(true);
  });

  it('is not lost any more, and what is already wanted is not wanted twice', () => {
    const one = record(300, 100);
    sendAll(one);
    one.markAcked(100, 100);
    const lost: number[] = [];
    one.markLost(0, 300, (slice) => lost.push(slice));
    one.markLost(0, 300, (slice) => lost.push(slice));
    expect(lost).toEqual([0, 2]);
  });

  it('is nothing after a restart', () => {
    const one = record(300, 100);
    sendAll(one);
    one.markAcked(0, 200);
    one.restart();
    expect(wanted(one)).toEqual([0, 1, 2]);
    one.markAcked(200, 100);
    expect(one.isAcked).toBe(false);
  });
});

describe('cutting a record into smaller slices', () => {
  it('keeps what was acknowledged and asks for the rest, in flight or not', () => {
    const one = record(300, 100);
    sendAll(one);
    one.markAcked(100, 100);
    one.reslice(50);
    expect([one.sliceCount, one.isLaidOut]).toEqual([6, false]);
    expect(wanted(one)).toEqual([0, 1, 4, 5]);
  });

  it('never forgets an unacknowledged byte, and ends exactly when all are acknowledged', () => {
    const large = fc.integer({ min: 60, max: 120 });
    const small = fc.integer({ min: 20, max: 59 });
    fc.assert(
      fc.property(large, small, fc.array(fc.nat({ max: 5 })), (before, after, acked) => {
        const one = record(700, before);
        sendAll(one);
        const known = new Set<number>();
        for (const slice of acked) acknowledge(one, slice, known);
        one.reslice(after);
        for (const slice of wanted(one)) acknowledge(one, slice, known);
        expect(one.isAcked).toBe(true);
        expect(known.size).toBe(700);
      }),
    );
  });
});

/** Acknowledges a slice as it is cut now, and notes its bytes. */
function acknowledge(of: OutgoingRecord, slice: number, known: Set<number>): void {
  const start = slice * of.sliceBytes;
  of.markAcked(start, of.sliceLength(slice));
  for (let i = 0; i < of.sliceLength(slice); i += 1) known.add(start + i);
}
