import { describe, expect, it } from 'vitest';
import { ShallowBuffer } from '../../../../src/protocol/transport/congestion/shallow-buffer.ts';

const PACKET = 1000;

/** A round in which so many packets of a hundred were lost. */
function round(lost: number) {
  return { lost: lost * PACKET, acked: (100 - lost) * PACKET };
}

/** One that was probed, and lost so many of a hundred packets in its round. */
function probed(lost: number, chanceLoss = 0): ShallowBuffer {
  const buffer = new ShallowBuffer(PACKET);
  buffer.onProbe(chanceLoss);
  buffer.onProbeRound(round(lost), false);
  return buffer;
}

/** After a probe that found a shallow buffer, and rounds that lost so many packets of a hundred each. */
function cruising(...losses: readonly number[]): ShallowBuffer {
  const buffer = probed(20);
  for (const lost of losses) buffer.onCruiseRound(round(lost));
  return buffer;
}

describe('a probe', () => {
  it('finds it by losses, and what the path took at most', () => {
    const buffer = new ShallowBuffer(PACKET);
    buffer.onProbe(0);
    expect(buffer.onProbeRound(round(0), false)).toBeUndefined();
    expect(buffer.onProbeRound(round(20), false)).toBe(100 * PACKET);
    expect(buffer.isFound).toBe(true);
  });

  it('finds it by losses that are known only after its end', () => {
    const buffer = probed(0);
    expect(buffer.onProbeRound(round(0), true)).toBeUndefined();
    expect(buffer.onProbeRound(round(20), true)).toBe(100 * PACKET);
  });

  it('is over two rounds later', () => {
    const buffer = probed(0);
    buffer.onProbeRound(round(0), true);
    buffer.onProbeRound(round(0), true);
    expect(buffer.onProbeRound(round(20), true)).toBeUndefined();
    expect(buffer.isFound).toBe(false);
  });

  it.each([
    ['what the draft tolerates, and two packets', 4, 0],
    ['what chance loses, and that', 9, 0.05],
  ])('finds nothing in %s', (_name, lost, chanceLoss) => {
    expect(probed(lost, chanceLoss).isFound).toBe(false);
    expect(probed(lost + 1, chanceLoss).isFound).toBe(true);
  });

  it('that loses nothing says that it is gone', () => {
    const buffer = probed(20);
    buffer.onProbe(0);
    buffer.onProbeRound(round(0), true);
    expect(buffer.isFound).toBe(true);
    buffer.onProbeRound(round(0), true);
    expect(buffer.isFound).toBe(false);
  });

  it('that met a queue says so, too', () => {
    const buffer = probed(20);
    buffer.dismiss();
    expect(buffer.isFound).toBe(true);
    buffer.onProbe(0);
    buffer.dismiss();
    expect(buffer.isFound).toBe(false);
    expect(buffer.onProbeRound(round(20), true)).toBeUndefined();
  });
});

describe('between probes', () => {
  it('nobody yields where nothing is lost, or where there is no such buffer', () => {
    expect(cruising(0, 0, 0).share).toBe(1);
    const other = probed(0);
    other.onProbeRound(round(0), true);
    other.onProbeRound(round(0), true);
    other.onCruiseRound(round(20));
    expect(other.share).toBe(1);
    expect(other.hasYielded).toBe(false);
  });

  it('a loss makes room, which is kept where losses end', () => {
    expect(cruising(0, 1).share).toBe(0.8);
    expect(cruising(1, 1, 0, 0, 0, 0, 1, 1).share).toBe(0.8);
  });

  it('room is taken back where they go on, until the next probe', () => {
    expect(cruising(1, 1, 0, 1, 0).share).toBe(1);
    expect(cruising(1, 1, 0, 1).share).toBe(0.8);
    const buffer = cruising(1, 1, 0, 1, 0, 1, 1);
    expect(buffer.share).toBe(1);
    expect(buffer.hasYielded).toBe(true);
    buffer.onRefill();
    expect(buffer.hasYielded).toBe(false);
    buffer.onCruiseRound(round(1));
    expect(buffer.share).toBe(0.8);
  });

  it('takes as many packets to tell as it needs, and two rounds', () => {
    const few = { lost: PACKET, acked: PACKET };
    const buffer = cruising(1, 0);
    for (let rounds = 0; rounds < 149; rounds += 1) buffer.onCruiseRound(few);
    expect(buffer.share).toBe(0.8);
    buffer.onCruiseRound(few);
    expect(buffer.share).toBe(1);
    const many = { lost: PACKET, acked: 1000 * PACKET };
    const fast = cruising(1, 0);
    fast.onCruiseRound(many);
    expect(fast.share).toBe(0.8);
    fast.onCruiseRound(many);
    expect(fast.share).toBe(1);
  });

  it('ends when all is filled for the next probe', () => {
    const buffer = cruising(1);
    buffer.onRefill();
    expect(buffer.share).toBe(1);
  });
});
