import { describe, expect, it } from 'vitest';
import { CipherSuite } from '../../../src/protocol/ports.ts';
import { BatchBuilder, type DataBatch } from '../../../src/protocol/transport/batch-builder.ts';
import { HeaderAuthenticator } from '../../../src/protocol/transport/data-packet.ts';
import { OutgoingRecords } from '../../../src/protocol/transport/outgoing-records.ts';
import { PacketSealer } from '../../../src/protocol/transport/packet-sealer.ts';
import { RecordCipher } from '../../../src/protocol/transport/record-cipher.ts';
import { packetLength, packetType } from '../../../src/protocol/wire/packet.ts';
import { at, history } from './history.ts';
import { crypto } from './record-end.ts';

const DATAGRAM = 1032;
const SLICE = 1000;
const HEADER_KEY = new Uint8Array(16);

function building(...sizes: number[]) {
  const { aes256Gcm } = CipherSuite;
  const cipher = new RecordCipher(crypto, aes256Gcm, new Uint8Array(32));
  const source = () => {
    const size = sizes.shift();
    return size === undefined ? undefined : [new Uint8Array(size)];
  };
  const records = new OutgoingRecords(cipher, source, DATAGRAM);
  const connectionId = new Uint8Array(8).fill(9);
  const builder = new BatchBuilder({
    records,
    recovery: history().recovery,
    header: new HeaderAuthenticator(crypto.blockCipher(HEADER_KEY)),
    sealer: new PacketSealer(crypto, aes256Gcm, new Uint8Array(32), connectionId),
    connectionId,
  });
  return { records, builder };
}

/** Datagrams of a batch as the kernel cuts it; each must be exactly one authentic packet. */
function datagrams({ payload, segmentSize }: DataBatch): number[] {
  const authenticator = new HeaderAuthenticator(crypto.blockCipher(HEADER_KEY));
  const sizes: number[] = [];
  for (let start = 0; start < payload.length; start += segmentSize) {
    const datagram = payload.slice(start, start + segmentSize);
    expect(packetLength(datagram, 0)).toBe(datagram.length);
    if (packetType(datagram, 0) === 0x40) {
      const valid = new Uint8Array(1);
      authenticator.check(datagram, new Uint32Array(1), 1, valid);
      expect(valid[0]).toBe(1);
    }
    sizes.push(datagram.length);
  }
  return sizes;
}

/** The datagrams of all batches that are wanted now. */
function drain(builder: BatchBuilder, maxBytes = 65_000): number[][] {
  const batches: number[][] = [];
  for (let batch = builder.next(maxBytes, at(0)); batch; batch = builder.next(maxBytes, at(0))) {
    batches.push(datagrams(batch));
    batch.release();
  }
  return batches;
}

describe('a batch', () => {
  it('is one whole record if it may be as long', () => {
    const { builder } = building(4984, 2500);
    expect(drain(builder)).toEqual([
      [1032, 1032, 1032, 1032, 1032],
      [1032, 1032, 548],
    ]);
  });

  it('ends where the allowance ends, but has at least one packet', () => {
    const { builder } = building(4984);
    expect(drain(builder, 2100)).toEqual([[1032, 1032], [1032, 1032], [1032]]);
    expect(drain(building(1984).builder, 10)).toEqual([[1032], [1032]]);
  });

  it('of repetitions ends with the first shorter packet, since no later one could be as long', () => {
    const { records, builder } = building(2484, 2984);
    drain(builder);
    records.onLost(0, 2 * SLICE, 500);
    records.onLost(1, 0, 2 * SLICE);
    expect(drain(builder)).toEqual([[532], [1032, 1032]]);
    records.onLost(1, 0, SLICE);
    records.onLost(0, 2 * SLICE, 500);
    records.onLost(1, SLICE, 2 * SLICE);
    expect(drain(builder)).toEqual([
      [1032, 532],
      [1032, 1032],
    ]);
  });

  it('never mixes slices that were cut for strict mode with longer ones', () => {
    const { records, builder } = building(1984, 1984);
    builder.next(65_000, at(0))?.release();
    records.cutFor(640, true);
    records.cutFor(DATAGRAM, false);
    expect(drain(builder)).toEqual([
      [632, 632, 632, 232],
      [1032, 1032],
    ]);
    records.onLost(0, 0, 600);
    records.onLost(1, 0, SLICE);
    expect(drain(builder)).toEqual([[632], [1032]]);
  });

  it('in strict mode holds packets sealed one by one, of one size', () => {
    const { records, builder } = building(2484, 2484);
    builder.strict = true;
    records.cutFor(DATAGRAM, true);
    expect(drain(builder)).toEqual([
      [1032, 1032, 556],
      [1032, 1032, 556],
    ]);
  });
});

describe('memory of a record', () => {
  it('is used again only after the socket and the peer are done with it', () => {
    const { records, builder } = building(984, 984, 984);
    const first = builder.next(65_000, at(0));
    records.onAcked(0, 0, SLICE, 0);
    const second = builder.next(65_000, at(0));
    expect(second?.payload.buffer).not.toBe(first?.payload.buffer);
    first?.release();
    const third = builder.next(65_000, at(0));
    expect(third?.payload.buffer).toBe(first?.payload.buffer);
  });
});
