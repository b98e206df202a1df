import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instant } from '../../../src/protocol/time.ts';
import type { CongestionController } from '../../../src/protocol/transport/congestion/congestion-controller.ts';
import { Pacer } from '../../../src/protocol/transport/pacer.ts';
import { RateCap } from '../../../src/protocol/transport/rate-cap.ts';
import { SendGate } from '../../../src/protocol/transport/send-gate.ts';
import { FixedRate, START } from './history.ts';

const PACKET = 1200;
const waits = fc.array(fc.double({ min: 0, max: 30, noNaN: true }), { maxLength: 60 });
const rates = fc.constantFrom(10, 150, 1250, 12_500, 125_000, 1_250_000);

describe('Pacer', () => {
  it('never lets more than rate x time + burst go, over any stretch of time', () => {
    fc.assert(
      fc.property(waits, rates, (steps, rate) => {
        const pacer = new Pacer(PACKET, 0, instant(START));
        const burst = Math.max(2 * rate, 2 * PACKET);
        const sent: { at: number; bytes: number }[] = [];
        let now = START;
        for (const wait of steps) {
          now += wait;
          const bytes = Math.max(0, Math.floor(pacer.budget(rate, instant(now))));
          pacer.onSent(bytes);
          sent.push({ at: now, bytes });
        }
        for (const [i, first] of sent.entries()) {
          let total = 0;
          for (const one of sent.slice(i)) {
            total += one.bytes;
            expect(total).toBeLessThanOrEqual(rate * (one.at - first.at) + burst + 1);
          }
        }
      }),
    );
  });

  it('saves up no more than a burst while nothing is sent', () => {
    const pacer = new Pacer(PACKET, 0, instant(START));
    expect(pacer.budget(5000, instant(START + 10_000))).toBe(10_000);
    expect(pacer.budget(10, instant(START + 20_000))).toBe(2400);
  });

  it('does not earn anything from a clock that stands or goes back', () => {
    const pacer = new Pacer(PACKET, 3000, instant(START));
    pacer.onSent(3000);
    expect(pacer.budget(5000, instant(START))).toBe(0);
    expect(pacer.budget(5000, instant(START - 5))).toBe(0);
  });
});

describe('SendGate', () => {
  it('stays below rate x time + burst and keeps its own deadlines', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 80 }), (rate, rounds) => {
        const gate = gateOf(new FixedRate(1e9, rate));
        let now = START;
        let total = 0;
        for (let i = 0; i < rounds; i += 1) {
          const allowed = gate.allowance(0, instant(now));
          // At its own deadline it never refuses: no timer fires for nothing.
          if (i > 0 && gate.deadline === undefined) expect(allowed).toBeGreaterThan(0);
          if (gate.deadline !== undefined) {
            now = gate.deadline;
            expect(gate.allowance(0, instant(now))).toBeGreaterThan(0);
          }
          const bytes = Math.floor(gate.allowance(0, instant(now)));
          gate.onSent(bytes, 1);
          total += bytes;
          expect(total).toBeLessThanOrEqual(rate * (now - START) + 10 * PACKET + 2 * rate + i);
        }
      }),
    );
  });

  it('loses nothing to timers that are late by up to 25 ms, as on a busy machine', () => {
    fc.assert(
      fc.property(rates, fc.double({ min: 0, max: 25, noNaN: true }), (rate, late) => {
        const gate = gateOf(new FixedRate(1e9, rate));
        let now = START;
        let total = 0;
        for (let wakes = 0; wakes < 200; ) {
          const bytes = Math.floor(gate.allowance(0, instant(now)));
          gate.onSent(bytes, 1);
          total += bytes;
          if (bytes > 0) continue;
          wakes += 1;
          now = (gate.deadline ?? now) + late;
        }
        const due = rate * (now - START);
        expect(total).toBeGreaterThan(0.97 * due - 10 * PACKET);
        expect(total).toBeLessThanOrEqual(due + 10 * PACKET + 2 * rate + 200);
      }),
    );
  });

  it('asks for at least a packet of room in the window', () => {
    const gate = gateOf(new FixedRate(10_000, 1250));
    expect(gate.allowance(10_000 - 1168, instant(START))).toBe(1200);
    expect(gate.allowance(10_000 - 1167, instant(START))).toBe(0);
    expect(gate.deadline).toBeUndefined();
  });

  it('lets probes past window and pacer, as many as were asked for', () => {
    const gate = gateOf(new FixedRate(4800, 1));
    gate.onSent(4800, 4);
    gate.allowProbes(2);
    expect([gate.isProbing, gate.allowance(99_999, instant(START))]).toEqual([true, 2400]);
    gate.onSent(1200, 1);
    expect(gate.allowance(99_999, instant(START))).toBe(1200);
    gate.onSent(1200, 1);
    expect([gate.isProbing, gate.allowance(99_999, instant(START))]).toEqual([false, 0]);
  });
});

describe('SendGate under a cap', () => {
  it('keeps to it on average, however late its timers are', () => {
    fc.assert(
      fc.property(rates, fc.array(fc.double({ min: 0, max: 15, noNaN: true })), (rate, lates) => {
        const gate = gateOf(new FixedRate(1e9, 1e9), [new RateCap(1000 * rate)]);
        let now = START;
        let total = 0;
        for (const late of [...lates, ...Array.from({ length: 300 }, () => 1)]) {
          const bytes = Math.floor(gate.allowance(0, instant(now)));
          gate.onSent(bytes, 1);
          total += bytes;
          if (bytes === 0) now = (gate.deadline ?? now) + late;
        }
        const due = rate * (now - START);
        expect(total).toBeLessThanOrEqual(due + 1);
        expect(total).toBeGreaterThanOrEqual(due - Math.max(100 * rate, 65_000));
      }),
    );
  });

  it('says that it is the cap that holds, and not the path', () => {
    const cap = new RateCap(1_000_000);
    const gate = gateOf(new FixedRate(1e9, 1e9), [cap]);
    expect([gate.allowance(0, instant(START)), gate.isCapped]).toEqual([0, true]);
    const slow = gateOf(new FixedRate(1e9, 1), [new RateCap(1e9)]);
    slow.allowance(0, instant(START));
    slow.onSent(50_000, 1);
    expect([slow.allowance(0, instant(START + 1)), slow.isCapped]).toEqual([0, false]);
  });

  it('shares it with others', () => {
    const cap = new RateCap(1_000_000);
    const gates = [1, 2].map(() => gateOf(new FixedRate(1e9, 1e9), [cap]));
    let total = 0;
    for (let now = START; now <= START + 10_000; now += 1) {
      for (const gate of gates) {
        const bytes = Math.floor(gate.allowance(0, instant(now)));
        gate.onSent(bytes, 1);
        total += bytes;
      }
    }
    expect(total).toBeGreaterThan(9_990_000);
    expect(total).toBeLessThanOrEqual(10_000_001);
  });
});

function gateOf(congestion: CongestionController, caps: readonly RateCap[] = []): SendGate {
  return new SendGate({ congestion, packetBytes: PACKET, caps }, instant(START));
}
