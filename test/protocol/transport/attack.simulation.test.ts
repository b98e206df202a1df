import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/protocol/time.ts';
import { writeClose } from '../../../src/protocol/transport/frame.ts';
import { PacketSealer } from '../../../src/protocol/transport/packet-sealer.ts';
import { ByteWriter } from '../../../src/protocol/wire/byte-writer.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import { bothWays } from '../../support/scenarios.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { crypto, keyPair } from './record-end.ts';
import { recordPair } from './record-pair.ts';

const LINE = bothWays({ rate: 10_000_000, delay: millis(15) });

describe('packets from somebody who is not on the path', () => {
  it('change nothing when they are random, even with the right connection id', () => {
    const pair = recordPair({ seed: 41, bytes: 1_000_000, line: LINE });
    const random = pair.sim.random.fork('attacker');
    pair.sim.tap(({ payload, to, from }) => {
      if (to.port !== 2000) return 'pass';
      const noise = random.bytes(20 + random.integer(1100));
      noise.set(payload.subarray(0, 8));
      noise[8] = 0x40 + random.integer(6);
      noise[9] = noise.length >> 8;
      noise[10] = noise.length & 0xff;
      pair.sim.inject({ from, to, payload: noise });
      return 'pass';
    });
    expect(pair.finish(20_000)).toBe(true);
    const { forged = 0 } = pair.bob.connection.counters;
    expect(forged).toBeGreaterThan(300);
    expect([pair.bob.strictChanges, pair.bob.closed, pair.alice.closed]).toEqual([[], [], []]);
  });

  it('change nothing when the whole conversation is played again, twice', () => {
    const pair = recordPair({ seed: 42, bytes: 300_000, back: 100_000, line: LINE });
    const seen: { from: Endpoint; to: Endpoint; payload: Uint8Array }[] = [];
    pair.sim.tap(({ from, to, payload }) => {
      seen.push({ from, to, payload: new Uint8Array(payload) });
      return 'pass';
    });
    expect(pair.finish(20_000)).toBe(true);
    pair.sim.run({ within: millis(1000) });
    const before = [pair.alice.received, pair.bob.received, pair.aliceHost.counters.sent];
    for (const packet of [...seen, ...seen]) pair.sim.inject(packet);
    pair.sim.run({ within: millis(5000) });
    expect([pair.alice.received, pair.bob.received, pair.aliceHost.counters.sent]).toEqual(before);
    const { duplicate = 0 } = pair.bob.connection.counters;
    expect(duplicate).toBeGreaterThan(500);
    expect([pair.bob.closed, pair.alice.closed]).toEqual([[], []]);
  });

  it('do not close a connection with the CLOSE of another session', () => {
    const pair = recordPair({ seed: 43, bytes: 200_000, line: LINE });
    const [, strangers] = keyPair(new SeededRandom(77));
    const sealer = new PacketSealer(
      crypto,
      strangers.suite,
      strangers.send.control,
      strangers.send.connectionId,
    );
    const frames = new ByteWriter();
    writeClose(frames, 1, 'go away');
    const foreign = sealer.sealControl(0, frames.finish());
    pair.sim.tap(({ from, to, payload }) => {
      const disguised = foreign.slice();
      disguised.set(payload.subarray(0, 8));
      pair.sim.inject({ from, to, payload: foreign });
      pair.sim.inject({ from, to, payload: disguised });
      return 'pass';
    });
    expect(pair.finish(20_000)).toBe(true);
    expect([pair.bob.closed, pair.alice.closed]).toEqual([[], []]);
  });
});
