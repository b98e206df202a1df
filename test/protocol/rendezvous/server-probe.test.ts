import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import { openMessage } from '../../../src/protocol/rendezvous/message.ts';
import { RendezvousServer } from '../../../src/protocol/rendezvous/rendezvous-server.ts';
import { encodeChallenge, encodeError } from '../../../src/protocol/rendezvous/replies.ts';
import { ServerProbe, type ServerReach } from '../../../src/protocol/rendezvous/server-probe.ts';
import { instant, millis } from '../../../src/protocol/time.ts';
import type { LinePair } from '../../support/link-options.ts';
import { bothWays } from '../../support/scenarios.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { Simulation } from '../../support/simulator.ts';
import { checksummed } from './checksummed.ts';
import { bytes } from './parties.ts';

const SERVER = { address: '203.0.113.1', port: 9420 };
const CLIENT = { address: '198.51.100.7', port: 5000 };
const START = instant(0);

/** Probes a server through a line; yields what came of it, and how long that took. */
function probed(
  line: LinePair,
  { seed = 1, measuresMtu = true, isUp = true, losing = (_size: number): boolean => false } = {},
) {
  const sim = new Simulation({ seed });
  const random = sim.random.fork('probe');
  const host = sim.internet().host(SERVER.address);
  const options = { crypto: createCrypto(random), random, listeners: [SERVER] };
  const machine = new RendezvousServer(options, sim.now);
  if (isUp) host.run(machine, { port: SERVER.port });
  const asked: number[] = [];
  const answered: number[] = [];
  sim.tap(({ to, payload }) => {
    (to.address === SERVER.address ? asked : answered).push(payload.length);
    return losing(payload.length) ? 'drop' : 'pass';
  });
  const probe = new ServerProbe({ server: SERVER, random, measuresMtu }, sim.now);
  let reach: ServerReach | undefined;
  sim
    .internet()
    .host(CLIENT.address, line)
    .run(probe, {
      port: CLIENT.port,
      onEvent: (event) => {
        if (event.kind === 'finished') reach = event.reach;
      },
    });
  const isOver = sim.run({ until: () => reach !== undefined, within: millis(60_000) });
  if (!isOver || reach === undefined) throw new Error('not finished within a minute');
  return { ...reach, tookMs: sim.elapsed, asked, answered };
}

describe('a server that is there', () => {
  it('is seen to be, with where it saw us and how long a round trip takes', () => {
    const { answer, observed, pings, roundTrips, tookMs } = probed(bothWays({ delay: millis(10) }));
    expect({ answer, observed }).toEqual({ answer: 'observed', observed: CLIENT });
    expect(pings).toBe(8);
    expect(roundTrips).toHaveLength(8);
    // 10 ms each way on this line and 5 on the server's.
    for (const roundTrip of roundTrips) expect(roundTrip).toBeCloseTo(30);
    // One to be there, seven pauses, the last ping, and one for all sizes.
    expect(tookMs).toBeCloseTo(30 + 7 * 30 + 30 + 30);
  });

  it('is asked no more often than is told, and never answers more than it was asked', () => {
    const { asked, answered } = probed(bothWays({ delay: millis(10) }));
    // Once to be there, eight times for the round trip, once for each MTU.
    expect(asked).toHaveLength(1 + 8 + 15);
    // The first is a challenge; all others show its token.
    expect(answered).toEqual([58, ...Array(23).fill(63)]);
  });

  it('shows by what is missing how much gets lost', () => {
    const { roundTrips, pings } = probed(bothWays({ loss: 0.2 }), { seed: 3 });
    expect(pings).toBe(8);
    expect(roundTrips.length).toBeLessThan(8);
    expect(roundTrips.length).toBeGreaterThan(1);
  });

  it('is measured over a satellite too, within five seconds', () => {
    const { roundTrips, mtu, tookMs } = probed(bothWays({ delay: millis(300) }));
    expect(roundTrips).toHaveLength(8);
    expect(mtu).toBe(1500);
    expect(tookMs).toBeLessThan(5000);
  });
});

describe('the MTU of the way there', () => {
  it.each([
    [1500, 1500],
    [1499, 1492],
    [1420, 1420],
    [1280, 1280],
    [1279, 1228],
    [1227, 576],
    [400, 92],
  ])('%i is found to be at least %i', (mtu, expected) => {
    expect(probed({ up: { mtu } }).mtu).toBe(expected);
  });

  it.each([1, 2, 3, 4, 5])('is found in spite of losses (seed %i)', (seed) => {
    const up = { mtu: 1400, loss: 0.05, delay: millis(5) };
    expect(probed({ up, down: { loss: 0.05 } }, { seed }).mtu).toBe(1400);
  });

  it.each([
    [2, 1500],
    [3, 1492],
  ])('is found when the largest datagram is lost %i times: %i', (times, expected) => {
    let lost = 0;
    const losing = (size: number) => {
      if (size === 1472) lost += 1;
      return size === 1472 && lost <= times;
    };
    expect(probed({}, { losing }).mtu).toBe(expected);
  });

  it('counts the longer header of IPv6', () => {
    const server = { address: '2001:db8::1', port: 9420 };
    const random = new SeededRandom(1);
    const probe = new ServerProbe({ server, random, measuresMtu: true }, START);
    const sizes: number[] = [];
    const answerAll = () => {
      for (let out = probe.pollTransmit(); out; out = probe.pollTransmit()) {
        sizes.push(out.payload.length);
        const txid = openMessage(out.payload)?.txid as Uint8Array;
        probe.handleBatch(encodeChallenge(txid, bytes(16, 7), CLIENT), server, START);
      }
    };
    for (let at = 0; probe.pollTimeout() !== undefined && at < 1000; at += 1) {
      answerAll();
      probe.handleTimeout(instant(at));
    }
    expect(Math.max(...sizes)).toBe(1452);
    expect(probe.reach.mtu).toBe(1500);
  });

  it('is that of the way there, since the answers are small', () => {
    expect(probed({ down: { mtu: 576 } }).mtu).toBe(1500);
  });

  it('is not told where datagrams may be cut on the way', () => {
    const { mtu, asked } = probed({}, { measuresMtu: false });
    expect(mtu).toBeUndefined();
    expect(Math.max(...asked)).toBe(64);
  });
});

describe('a server that is not there', () => {
  it('is given 3.3 s and five questions', () => {
    const { answer, observed, roundTrips, mtu, tookMs, asked } = probed({}, { isUp: false });
    expect({ answer, observed, mtu }).toEqual({ answer: 'none' });
    expect(roundTrips).toEqual([]);
    expect(asked).toEqual([64, 64, 64, 64, 64]);
    expect(tookMs).toBeCloseTo(3297, 0);
  });
});

describe('an answer', () => {
  it('that another version is spoken ends it', () => {
    const probe = newProbe();
    const [question] = questions(probe);
    probe.handleBatch(encodeError(question as Uint8Array, 'version'), SERVER, START);
    expect(probe.reach).toMatchObject({ answer: 'other-version', pings: 0 });
    expect(probe.pollEvent()).toMatchObject({ kind: 'finished' });
    expect(probe.pollTimeout()).toBeUndefined();
  });

  it.each([
    ['from somewhere else', { address: '203.0.113.9', port: 9420 }, undefined],
    ['from another port', { ...SERVER, port: 9421 }, undefined],
    ['to what was not asked', SERVER, bytes(8, 1)],
  ])('%s is ignored', (_what, from, txid) => {
    const probe = newProbe();
    const [asked] = questions(probe);
    const reply = encodeChallenge(txid ?? (asked as Uint8Array), bytes(16, 7), CLIENT);
    probe.handleBatch(reply, from, START);
    expect(probe.reach.answer).toBe('none');
    expect(probe.ignored).toBe(1);
  });

  it.each([
    ['no packet', Uint8Array.of(1, 2, 3)],
    ['no message', checksummed(bytes(64, 0))],
  ])('that is %s is ignored', (_what, packet) => {
    const probe = newProbe();
    probe.handleBatch(packet, SERVER, START);
    expect(probe.reach.answer).toBe('none');
    expect(probe.ignored).toBe(1);
  });

  it('that comes twice counts once', () => {
    const probe = newProbe();
    const [asked] = questions(probe);
    const reply = encodeChallenge(asked as Uint8Array, bytes(16, 7), CLIENT);
    for (let i = 0; i < 3; i += 1) probe.handleBatch(reply, SERVER, START);
    expect(probe.ignored).toBe(2);
  });
});

function newProbe(): ServerProbe {
  return new ServerProbe({ server: SERVER, random: new SeededRandom(1), measuresMtu: true }, START);
}

/** The transaction ids of what it asks now. */
function questions(probe: ServerProbe): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let out = probe.pollTransmit(); out; out = probe.pollTransmit()) {
    const txid = openMessage(out.payload)?.txid;
    if (txid !== undefined) found.push(txid);
  }
  return found;
}
