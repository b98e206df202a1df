import { describe, expect, it } from 'vitest';
import { CipherSuite } from '../../../src/protocol/ports.ts';
import {
  INITIAL_CREDIT,
  OutgoingRecords,
} from '../../../src/protocol/transport/outgoing-records.ts';
import { RecordCipher } from '../../../src/protocol/transport/record-cipher.ts';
import { crypto } from './record-end.ts';

// Datagrams of 1,032 bytes carry slices of 1,000.
const DATAGRAM = 1032;
const SLICE = 1000;

/** Records of `sizes` bytes of plaintext, each then 16 bytes longer. */
function records(...sizes: number[]): OutgoingRecords {
  const cipher = new RecordCipher(crypto, CipherSuite.aes256Gcm, new Uint8Array(32));
  const source = () => {
    const size = sizes.shift();
    return size === undefined ? undefined : [new Uint8Array(size)];
  };
  return new OutgoingRecords(cipher, source, DATAGRAM);
}

/** Sends all that `of` wants to send, repetitions first; yields `record/slice` for each. */
function sendAll(of: OutgoingRecords): string[] {
  const sent: string[] = [];
  for (;;) {
    const repeat = of.peekRepeat();
    if (repeat !== undefined) {
      of.takeRepeat();
      repeat.record.markSent(repeat.slice, 1);
      sent.push(`${repeat.record.number}/${repeat.slice}`);
      continue;
    }
    const fresh = of.fresh();
    if (fresh === undefined) return sent;
    fresh.markSent(fresh.sentSlices, 1);
    sent.push(`${fresh.number}/${fresh.sentSlices}`);
    fresh.sentSlices += 1;
  }
}

describe('OutgoingRecords', () => {
  it('seals one record after the other and sends each slice once', () => {
    const of = records(2984, 1984, 1);
    expect(sendAll(of)).toEqual(['0/0', '0/1', '0/2', '1/0', '1/1', '2/0']);
    expect(of.open).toBe(3);
  });

  it('takes as much plaintext as fills one batch', () => {
    // 62 packets of 1,032 bytes fit 65,000 bytes; the last 16 are the tag.
    expect(records().maxPlaintext).toBe(62 * SLICE - 16);
  });

  it('forgets a record when its last slice is acknowledged', () => {
    const of = records(1984);
    sendAll(of);
    of.onAcked(0, 0, SLICE, 0);
    expect(of.open).toBe(1);
    of.onAcked(0, SLICE, SLICE, 1);
    of.onAcked(0, SLICE, SLICE, 1);
    of.onLost(0, 0, SLICE);
    expect([of.open, sendAll(of)]).toEqual([0, []]);
  });

  it('repeats what is lost before it sends anything new, and nothing else', () => {
    const of = records(2984, 10);
    sendAll(of);
    of.onLost(0, SLICE, SLICE);
    of.onLost(0, SLICE, SLICE);
    expect(sendAll(of)).toEqual(['0/1']);
  });

  it('does not repeat what was acknowledged while it waited to be repeated', () => {
    const of = records(2984);
    sendAll(of);
    of.onLost(0, 0, 3 * SLICE);
    of.onAcked(0, SLICE, SLICE, 1);
    expect(sendAll(of)).toEqual(['0/0', '0/2']);
  });

  it('repeats the whole of a rejected record once for each failure', () => {
    const of = records(2984);
    sendAll(of);
    of.onAcked(0, 0, SLICE, 0);
    of.onRejected(0, 1, 3);
    of.onRejected(0, 1, 3);
    expect(sendAll(of)).toEqual(['0/0', '0/1', '0/2']);
    of.onRejected(0, 1, 3);
    expect(sendAll(of)).toEqual([]);
    of.onRejected(0, 2, 3);
    expect(sendAll(of)).toEqual(['0/0', '0/1', '0/2']);
  });
});

describe('acknowledgements of a rejected record', () => {
  it('count only for packets that left after the rejection: the peer has dropped the others', () => {
    const of = records(1984);
    sendAll(of);
    // Packets 0 and 1 carried it; 2 is the next number.
    of.onRejected(0, 1, 2);
    of.onAcked(0, 0, SLICE, 0);
    expect(sendAll(of)).toEqual(['0/0', '0/1']);
    of.onAcked(0, SLICE, SLICE, 1);
    of.onAcked(0, 0, SLICE, 2);
    expect(of.open).toBe(1);
    of.onAcked(0, SLICE, SLICE, 3);
    expect(of.open).toBe(0);
  });
});

describe('the credit of OutgoingRecords', () => {
  it('lets 16 records go before the peer has said anything', () => {
    const of = records(...Array.from({ length: 40 }, () => 10));
    expect(sendAll(of).length).toBe(INITIAL_CREDIT);
    expect([INITIAL_CREDIT, of.isBlocked]).toEqual([16, true]);
    of.onCredit(18);
    expect(sendAll(of)).toEqual(['16/0', '17/0']);
  });

  it('never shrinks', () => {
    const of = records(...Array.from({ length: 40 }, () => 10));
    of.onCredit(20);
    of.onCredit(3);
    expect(sendAll(of).length).toBe(20);
  });
});

describe('strict slices of OutgoingRecords', () => {
  it('cut open records smaller and send all that is not acknowledged anew', () => {
    const of = records(1984);
    sendAll(of);
    of.onAcked(0, 0, SLICE, 0);
    of.cutFor(640, true);
    // Bytes 0 to 599 are acknowledged whole; 600 to 1,199 were not in one acknowledged slice.
    expect(sendAll(of)).toEqual(['0/1', '0/2', '0/3']);
  });

  it('hold for later records until they are lifted', () => {
    const of = records(1984, 1984);
    of.cutFor(640, true);
    expect(of.fresh()?.sliceCount).toBe(4);
    expect(sendAll(of)).toEqual(['0/0', '0/1', '0/2', '0/3', '1/0', '1/1', '1/2', '1/3']);
    of.cutFor(1200, false);
    expect(sendAll(of)).toEqual([]);
  });

  it('reach a record whose first transmission is under way', () => {
    const of = records(2984);
    const fresh = of.fresh();
    fresh?.markSent(0, 1);
    if (fresh) fresh.sentSlices = 1;
    of.cutFor(540, true);
    expect(sendAll(of).sort()).toEqual(['0/0', '0/1', '0/2', '0/3', '0/4', '0/5']);
  });
});
