import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import { openSsl } from '../../../src/crypto/openssl.ts';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import { instant, millis } from '../../../src/protocol/time.ts';
import { sumFrame } from '../../../src/protocol/transfer/messages/frame.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { Connection } from '../../../src/protocol/transport/connection.ts';
import { DATA_HEADER_BYTES } from '../../../src/protocol/transport/data-packet.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { data, expectFailed, message, offer } from '../transfer/receiver-support.ts';
import { fileEntry, joined } from '../transfer/transfer-pair.ts';
import { keyPair } from './record-end.ts';

// Speed has been bought by sealing and opening in place, by whole batches, and by the library below
// node:crypto. These are the checks that must not have been the price, on the way that a transfer
// really takes.

const NOW = instant(1_000_000);
const REMOTE = { address: '192.0.2.1', port: 9 };
const SIZE = 20_000;

const native = await openSsl();
if (!native) console.warn('fast-path-safety: without koffi only node:crypto is tested');
const variants = [
  ['node:crypto', createCrypto()] as const,
  ...(native ? [['OpenSSL in place', createCrypto(new SeededRandom(5), native)] as const] : []),
];

describe.each(variants)('no check was traded for speed, by %s:', (_, crypto) => {
  /** A record of counted bytes on its way, and who is to receive it. */
  function underWay(datagramBytes: number) {
    const random = new SeededRandom(3);
    const [ours, theirs] = keyPair(random);
    let left = 1;
    const content = Uint8Array.from({ length: SIZE }, (_byte, i) => i * 7);
    const end = (keys: typeof ours, source: () => Uint8Array[] | undefined) => {
      const options = { keys, crypto, random, rtt: millis(50), source, datagramBytes };
      const connection = new Connection(options, NOW);
      connection.usePath(REMOTE, millis(50), NOW);
      return connection;
    };
    const sender = end(theirs, () => (left-- > 0 ? [content] : undefined));
    const packets: Uint8Array[] = [];
    for (let at = NOW; at < NOW + 60; at = instant(at + 1)) {
      const out = sender.pollTransmit(at);
      for (let start = 0; out && start < out.payload.length; start += out.segmentSize) {
        packets.push(out.payload.slice(start, start + out.segmentSize));
      }
    }
    return { packets, content, receiver: () => end(ours, () => undefined) };
  }

  it.each([1200, 8952, 16_000])('tags and AEAD, in datagrams of %i bytes', (datagramBytes) => {
    const { packets, content, receiver } = underWay(datagramBytes);
    const whole = receiver();
    for (const packet of packets) whole.handleBatch(packet.slice(), NOW);
    const event = whole.pollEvent();
    expect(event?.kind === 'record' && Buffer.from(event.plaintext).equals(content)).toBe(true);
    for (const { index, at } of places(packets)) {
      const damaged = (packets[index] as Uint8Array).slice();
      damaged[at] = 0x20 ^ (damaged[at] as number);
      const one = receiver();
      for (const [i, each] of packets.entries()) {
        one.handleBatch(i === index ? damaged : each.slice(), NOW);
      }
      expect(one.pollEvent()?.kind, `packet ${index}, byte ${at}`).not.toBe('record');
    }
  });

  it('bounds: nothing beyond the credit, the record, or what a record may be', () => {
    const { packets, receiver } = underWay(1200);
    const one = receiver();
    for (const [at, bytes] of OUT_OF_BOUNDS) {
      const packet = (packets[0] as Uint8Array).slice();
      packet.set(bytes, at);
      one.handleBatch(packet, NOW);
    }
    // The tag covers every one of these fields, so they do not get as far as their own check, which
    // incoming-records has for those that hold the key.
    expect(one.counters).toMatchObject({ forged: OUT_OF_BOUNDS.length });
    expect(one.pollEvent()).toBeUndefined();
  });
});

it('checksums: a chunk that is not what its sum says goes nowhere', async () => {
  const receiver = new TransferReceiver({ hasher: await createHasher() });
  receiver.handleRecord(message(0, offer([fileEntry('one', 1024)])));
  receiver.pollEvent();
  receiver.accept();
  receiver.handleRecord(joined([data(0, 0, 1024), sumFrame(0, 0, 1n)]));
  expectFailed(receiver, 'P2P_INTEGRITY');
});

/** Every byte of the first header, and every 97th of all that is sealed. */
function places(packets: readonly Uint8Array[]): { index: number; at: number }[] {
  const header = Array.from({ length: DATA_HEADER_BYTES }, (_, at) => ({ index: 0, at }));
  const sealed = packets.flatMap(({ length }, index) =>
    Array.from({ length: Math.ceil((length - DATA_HEADER_BYTES) / 97) }, (_, i) => ({
      index,
      at: DATA_HEADER_BYTES + i * 97,
    })),
  );
  return [...header, ...sealed];
}

/** Places in the header, and what no receiver takes there: record, record length, offset. */
const OUT_OF_BOUNDS: readonly (readonly [number, readonly number[]])[] = [
  [15, [0xff, 0xff, 0xff, 0xff]],
  [13, [0, 0]],
  [13, [0xff, 0xff]],
  [11, [0xff, 0xff]],
];
