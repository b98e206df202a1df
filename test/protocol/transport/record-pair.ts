import type { Random } from '../../../src/protocol/ports.ts';
import { millis } from '../../../src/protocol/time.ts';
import type { ConnectionOptions } from '../../../src/protocol/transport/connection-options.ts';
import type { Host } from '../../support/host.ts';
import type { LinePair } from '../../support/link-options.ts';
import { Simulation } from '../../support/simulator.ts';
import { keyPair, RecordEnd } from './record-end.ts';

export interface PairOptions {
  readonly seed: number;
  /** The line of Alice, who sends, to the internet. */
  readonly line?: LinePair;
  /** The line of Bob. */
  readonly far?: LinePair;
  /** Bytes that Alice sends, and those that Bob sends. */
  readonly bytes: number;
  readonly back?: number;
  readonly alice?: Partial<ConnectionOptions>;
  readonly bob?: Partial<ConnectionOptions>;
}

export interface Pair {
  readonly sim: Simulation;
  readonly alice: RecordEnd;
  readonly bob: RecordEnd;
  readonly aliceHost: Host;
  readonly bobHost: Host;
  /** Runs until all that was to be sent has arrived and is known to have; false if time ran out. */
  finish(withinMs: number): boolean;
}

/** Two hosts on the internet, 10 ms apart beside the line, with a connection between them. */
export function recordPair(options: PairOptions): Pair {
  const { seed, line = {}, far = {}, bytes, back = 0 } = options;
  const sim = new Simulation({ seed });
  const internet = sim.internet();
  const [aliceKeys, bobKeys] = keyPair(sim.random.fork('keys'));
  const aliceHost = internet.host('203.0.113.1', line);
  const bobHost = internet.host('203.0.113.2', far);
  const random = (name: string): Random => sim.random.fork(name);
  const alice = new RecordEnd(
    {
      keys: aliceKeys,
      random: random('alice'),
      remote: bobHost.endpoint(2000),
      ...options.alice,
    },
    bytes,
    sim.now,
  );
  const bob = new RecordEnd(
    { keys: bobKeys, random: random('bob'), remote: aliceHost.endpoint(1000), ...options.bob },
    back,
    sim.now,
  );
  aliceHost.run(alice, { port: 1000 });
  bobHost.run(bob, { port: 2000 });
  return {
    sim,
    alice,
    bob,
    aliceHost,
    bobHost,
    finish: (withinMs) =>
      sim.run({
        until: () =>
          alice.isDone && bob.isDone && bob.received === bytes && alice.received === back,
        within: millis(withinMs),
      }),
  };
}
