import { describe, expect, it } from 'vitest';
import { RendezvousServer } from '../../../src/protocol/rendezvous/rendezvous-server.ts';
import { millis } from '../../../src/protocol/time.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { ask, at, claim, close, from, MINUTE, newServer, register, verdict } from './asking.ts';
import { crypto, GUEST, HOST } from './parties.ts';

describe('nameplates', () => {
  it('are not given out again for a day, and then are unknown', () => {
    const limits = { unclaimedLife: millis(MINUTE) };
    const server = newServer(limits);
    ask(server, register(1, 4711), HOST, at(0));
    expect(verdict(ask(server, claim(4711, 1), from(1), at(2 * MINUTE)))).toBe('expired');
    const day = 24 * 60 * MINUTE;
    expect(verdict(ask(server, claim(4711, 1), from(2), at(day)))).toBe('expired');
    expect(verdict(ask(server, claim(4711, 1), from(3), at(day + 3 * MINUTE)))).toBe(
      'unknown-nameplate',
    );
  });

  it('are remembered in a bounded table: the oldest is forgotten', () => {
    const server = newServer({ unclaimedLife: millis(1000), coolingNameplates: 2 });
    for (const i of [1, 2, 3]) ask(server, register(i, 4000 + i), from(i), at(i));
    server.handleTimeout(at(10_000));
    const verdicts = [1, 2, 3].map((i) =>
      verdict(ask(server, claim(4000 + i, 1), HOST, at(11_000))),
    );
    expect(verdicts).toEqual(['unknown-nameplate', 'expired', 'expired']);
  });

  it('are granted by wish if they are free, do not cool down, and can be in a code', () => {
    const options = { crypto, random: new SeededRandom(3) };
    const server = new RendezvousServer(options, at(0));
    const granted = (owner: number, wanted: number): boolean => {
      const reply = ask(server, register(owner, wanted), HOST, at(0));
      return reply?.kind === 'registered' && reply.nameplate === wanted;
    };
    expect(granted(1, 4711)).toBe(true);
    expect(granted(2, 4711)).toBe(false);
    ask(server, close(4711, 1), HOST, at(0));
    expect(granted(3, 4711)).toBe(false);
    expect([999, 1_000_000].map((wanted) => granted(4, wanted))).toEqual([false, false]);
  });

  it('that have expired are for those who had them, and nobody else', () => {
    const options = { crypto, random: new SeededRandom(3) };
    const limits = { unclaimedLife: millis(MINUTE) };
    const server = new RendezvousServer({ ...options, limits }, at(0));
    const granted = (owner: number, minute: number): boolean => {
      const reply = ask(server, register(owner, 4711), HOST, at(minute * MINUTE));
      return reply?.kind === 'registered' && reply.nameplate === 4711;
    };
    expect(granted(1, 0)).toBe(true);
    expect(granted(2, 2)).toBe(false);
    expect(granted(1, 4)).toBe(true);
    ask(server, close(4711, 1), HOST, at(4 * MINUTE));
    expect(granted(1, 6)).toBe(false);
  });

  it('above 2^31 are granted or nothing is, and asking for them is no guessing', () => {
    const options = { crypto, random: new SeededRandom(3) };
    const server = new RendezvousServer(options, at(0));
    expect(ask(server, register(2, 2 ** 31), HOST, at(0))).toMatchObject({ nameplate: 2 ** 31 });
    expect(verdict(ask(server, register(3, 2 ** 31), HOST, at(0)))).toBe('busy');
    for (let n = 1; n < 20; n += 1) {
      expect(verdict(ask(server, claim(2 ** 31 + n, n), GUEST, at(0)))).toBe('unknown-nameplate');
    }
    expect(verdict(ask(server, claim(2 ** 31, 1), GUEST, at(0)))).toBe('claimed');
  });
});
