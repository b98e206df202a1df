import type { Crypto } from '../../../src/protocol/ports.ts';
import { type Instant, instant, millis } from '../../../src/protocol/time.ts';
import { Connection } from '../../../src/protocol/transport/connection.ts';
import { writeAck } from '../../../src/protocol/transport/frame.ts';
import { PacketSealer } from '../../../src/protocol/transport/packet-sealer.ts';
import { ByteWriter } from '../../../src/protocol/wire/byte-writer.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { ranges } from './history.ts';
import { crypto, keyPair } from './record-end.ts';

const REMOTE: Endpoint = { address: '192.0.2.1', port: 9 };

/** A connection that sends, and a peer with its keys that answers whatever it likes. */
export function talkativePeer(records = Infinity, using: Crypto = crypto) {
  const random = new SeededRandom(5);
  const [ours, theirs] = keyPair(random);
  const now = instant(1_000_000);
  let left = records;
  const source = (max: number) =>
    left-- > 0 ? [new Uint8Array(records < 100 ? 1 : max)] : undefined;
  const connection = new Connection(
    { keys: ours, crypto: using, random, rtt: millis(50), source },
    now,
  );
  connection.usePath(REMOTE, millis(50), now);
  const { suite, send } = theirs;
  const sealer = new PacketSealer(using, suite, send.control, send.connectionId);
  let number = 0;
  return {
    connection,
    now,
    /** Packets that leave at `at`. */
    sent(at: Instant): number {
      let packets = 0;
      for (let out = connection.pollTransmit(at); out; out = connection.pollTransmit(at)) {
        packets += Math.ceil(out.payload.length / out.segmentSize);
        out.release?.();
      }
      return packets;
    },
    control(frames: Uint8Array, at: Instant): void {
      connection.handleBatch(sealer.sealControl(number++, frames), at);
    },
    ping(at: Instant): void {
      this.control(new Uint8Array([1]), at);
    },
    ack(end: number, at: Instant, credit = 2 ** 31): void {
      const writer = new ByteWriter();
      const received = ranges([0, end]);
      writeAck(writer, { delayMicros: 0, credit, strict: false, rejected: [], received });
      this.control(writer.finish(), at);
    },
  };
}
