import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/protocol/time.ts';
import type { LinkOptions } from '../../support/link-options.ts';
import { recordPair } from './record-pair.ts';

const LINK: LinkOptions = { rate: 50_000_000, delay: millis(10) };

function transfer(link: LinkOptions, bytes = 2_000_000) {
  const far = { mtu: 65_536, delay: millis(5) };
  const line = { up: link, down: link };
  return recordPair({ seed: 3, bytes, line, far: { up: far, down: far } });
}

describe('path MTU discovery (RFC 8899)', () => {
  it.each([
    // MTU of the link, IPv4 and UDP headers included, and the datagram that is settled on.
    [1280, 1200],
    [1479, 1200],
    [1480, 1452],
    [1500, 1452],
    [9000, 8952],
    [16_027, 8952],
    [64_987, 16_000],
    [65_536, 64_960],
  ])('finds on a link with an MTU of %d that datagrams of %d bytes come through', (mtu, size) => {
    const pair = transfer({ ...LINK, mtu });
    expect(pair.finish(60_000)).toBe(true);
    expect(pair.alice.connection.datagramBytes).toBe(size);
    expect(pair.bob.received).toBe(2_000_000);
  });

  it('finds it in spite of loss', () => {
    const pair = transfer({ ...LINK, mtu: 9000, loss: 0.02 });
    expect(pair.finish(60_000)).toBe(true);
    expect(pair.alice.connection.datagramBytes).toBe(8952);
  });

  it('goes back to the base when large datagrams come through no more', () => {
    const pair = transfer({ ...LINK, mtu: 9000 }, 8_000_000);
    pair.sim.run({ within: millis(400) });
    expect(pair.alice.connection.datagramBytes).toBe(8952);
    pair.aliceHost.line.up.change({ ...LINK, mtu: 1400 });
    expect(pair.finish(60_000)).toBe(true);
    expect(pair.alice.connection.datagramBytes).toBe(1200);
    expect(pair.bob.received).toBe(8_000_000);
  });

  it('starts over on another path', () => {
    const pair = transfer({ ...LINK, mtu: 9000 }, 8_000_000);
    pair.sim.run({ within: millis(400) });
    const { connection } = pair.alice;
    expect(connection.datagramBytes).toBe(8952);
    connection.usePath(pair.bobHost.endpoint(2000), millis(20), pair.sim.now);
    expect(connection.datagramBytes).toBe(1200);
    expect(pair.finish(60_000)).toBe(true);
    expect(connection.datagramBytes).toBe(8952);
    expect(pair.bob.received).toBe(8_000_000);
  });

  it('asks for nothing in a transfer of a few packets', () => {
    const pair = transfer({ ...LINK, mtu: 9000 }, 60_000);
    expect(pair.finish(60_000)).toBe(true);
    expect(pair.alice.connection.datagramBytes).toBe(1200);
  });
});
