import { describe, expect, it } from 'vitest';
import { encodeRefresh, type RequestHead } from '../../../src/protocol/rendezvous/requests.ts';
import { millis } from '../../../src/protocol/time.ts';
import { ask, at, claim, from, MINUTE, newServer, post, register, verdict } from './asking.ts';
import { bytes, GUEST, HOST } from './parties.ts';

function refresh(nameplate: number, owner: number) {
  return (head: RequestHead): Uint8Array =>
    encodeRefresh(head, { nameplate, ownerSecret: bytes(16, owner) });
}

describe('registrations', () => {
  it('are the same for the same owner secret, from wherever it asks', () => {
    const server = newServer();
    const first = ask(server, register(1), HOST, at(0));
    const again = ask(server, register(1), GUEST, at(10));
    expect(first).toMatchObject({ kind: 'registered', observed: HOST });
    expect(again).toEqual({ ...first, observed: GUEST });
    expect(server.counters.live.registrations).toBe(1);
  });

  it('have random nameplates of few digits', () => {
    const server = newServer({ registrationsPerHost: 100, registerRate: FAST });
    const nameplates = Array.from({ length: 30 }, (_, i) => {
      const reply = ask(server, register(i), from(i), at(0));
      return reply?.kind === 'registered' ? reply.nameplate : 0;
    });
    expect(new Set(nameplates).size).toBe(30);
    expect(Math.min(...nameplates)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...nameplates)).toBeLessThan(10_000);
    expect(nameplates).not.toEqual([...nameplates].sort((a, b) => a - b));
  });

  it('are limited in all, per host and in time', () => {
    const total = newServer({ registrations: 2 });
    expect([1, 2, 3].map((i) => verdict(ask(total, register(i), from(i), at(0))))).toEqual([
      'registered',
      'registered',
      'busy',
    ]);
    const host = newServer({ registrationsPerHost: 2 });
    expect([1, 2, 3].map((i) => verdict(ask(host, register(i), HOST, at(0))))[2]).toBe('busy');
    expect(verdict(ask(host, register(4), GUEST, at(0)))).toBe('registered');
    const rate = newServer({ registerRate: { perMinute: 1, burst: 2 } });
    const verdicts = [1, 2, 3].map((i) => verdict(ask(rate, register(i), HOST, at(0))));
    expect(verdicts[2]).toBe('rate-limited');
    expect(verdict(ask(rate, register(3), HOST, at(MINUTE)))).toBe('registered');
  });

  it('to be met again are more: a sender has one for each of several', () => {
    const limits = { registerRate: { perMinute: 1, burst: 1 }, registrationsPerHost: 100 };
    const server = newServer({ ...limits, reunionRate: { perMinute: 1, burst: 3 } });
    const first = [0, 0].map((wanted, i) => verdict(ask(server, register(i, wanted), HOST, at(0))));
    expect(first).toEqual(['registered', 'rate-limited']);
    const derived = [10, 11, 12, 13].map((i) => {
      return verdict(ask(server, register(i, 2 ** 31 + i), HOST, at(0)));
    });
    expect(derived).toEqual(['registered', 'registered', 'registered', 'rate-limited']);
  });

  it('are limited per /64 and per /48 of IPv6', () => {
    const server = newServer({ registrationsPerHost: 2, registrationsPerSite: 3 });
    const address = (subnet: number, host: number) => ({
      address: `2001:db8:1:${subnet}::${host}`,
      port: 5000,
    });
    const places = [address(1, 1), address(1, 2), address(1, 3), address(2, 1), address(3, 1)];
    expect(places.map((place, i) => verdict(ask(server, register(i), place, at(0))))).toEqual([
      'registered',
      'registered',
      'busy',
      'registered',
      'busy',
    ]);
  });
});

describe('registrations in time', () => {
  it('expire an hour after the last sign of their owner', () => {
    const server = newServer();
    ask(server, register(1, 4711), HOST, at(0));
    expect(verdict(ask(server, refresh(4711, 1), HOST, at(50 * MINUTE)))).toBe('refreshed');
    expect(verdict(ask(server, refresh(4711, 1), HOST, at(109 * MINUTE)))).toBe('refreshed');
    expect(verdict(ask(server, refresh(4711, 1), HOST, at(170 * MINUTE)))).toBe('expired');
    expect(server.counters.live.registrations).toBe(0);
  });

  it('expire after a day, however often they are refreshed', () => {
    const server = newServer();
    ask(server, register(1, 4711), HOST, at(0));
    for (let hour = 0.5; hour < 24; hour += 0.5) {
      expect(verdict(ask(server, refresh(4711, 1), HOST, at(hour * 60 * MINUTE)))).toBe(
        'refreshed',
      );
    }
    expect(verdict(ask(server, refresh(4711, 1), HOST, at(24 * 60 * MINUTE)))).toBe('expired');
  });

  it('expire ten minutes after pairing when the owner is gone', () => {
    const server = newServer();
    ask(server, register(1, 4711), HOST, at(0));
    ask(server, claim(4711, 2), GUEST, at(0));
    ask(server, post(4711, 2, 1), HOST, at(0));
    expect(verdict(ask(server, claim(4711, 3), GUEST, at(10 * MINUTE - 1)))).toBe('claimed');
    expect(verdict(ask(server, claim(4711, 4), GUEST, at(10 * MINUTE)))).toBe('expired');
  });

  it('are swept by one timer, which rests when nothing is left', () => {
    const server = newServer();
    ask(server, register(1), HOST, at(0));
    ask(server, register(2), HOST, at(0));
    while (server.pollEvent());
    let sweeps = 0;
    for (let due = server.pollTimeout(); due !== undefined; due = server.pollTimeout()) {
      server.handleTimeout(due);
      sweeps += 1;
    }
    expect(sweeps).toBe(720);
    expect([server.pollEvent(), server.pollEvent(), server.pollEvent()]).toEqual([
      { kind: 'expired' },
      { kind: 'expired' },
      undefined,
    ]);
  });
});

describe('claims', () => {
  it('are the same for the same id and secret, and nobody else can take one over', () => {
    const server = newServer();
    ask(server, register(1, 4711), HOST, at(0));
    expect(verdict(ask(server, claim(4711, 2), GUEST, at(0)))).toBe('claimed');
    expect(verdict(ask(server, claim(4711, 2), GUEST, at(0)))).toBe('claimed');
    expect(verdict(ask(server, claim(4711, 2, 9), from(1), at(0)))).toBe('bad-secret');
    expect(verdict(ask(server, post(4711, 2, 9), from(1), at(0)))).toBe('bad-secret');
    expect(verdict(ask(server, refresh(4711, 9), from(1), at(0)))).toBe('bad-secret');
    expect(server.counters.live.claims).toBe(1);
  });

  it('of a nameplate at which guests take turns are sixteen, and the first has to go', () => {
    const server = newServer();
    ask(server, register(1, 4711, true), HOST, at(0));
    const claimed = Array.from({ length: 17 }, (_, i) => {
      return verdict(ask(server, claim(4711, i), from(i), at(0)));
    });
    expect(claimed).toEqual(Array.from({ length: 17 }, () => 'claimed'));
    expect(server.counters.live.claims).toBe(16);
    expect(verdict(ask(server, post(4711, 0, 0), from(0), at(0)))).toBe('bad-secret');
    expect(verdict(ask(server, post(4711, 1, 1), from(1), at(0)))).not.toBe('bad-secret');
  });

  it('of any other nameplate are three for life', () => {
    const server = newServer();
    ask(server, register(1, 4711), HOST, at(0));
    const claimed = [0, 1, 2, 3].map((i) => verdict(ask(server, claim(4711, i), from(i), at(0))));
    expect(claimed).toEqual(['claimed', 'claimed', 'claimed', 'burnt']);
  });

  it('are limited to ten a minute of one source', () => {
    const server = newServer({ registrationsPerHost: 99, registerRate: FAST });
    const verdicts = Array.from({ length: 11 }, (_, i) => {
      ask(server, register(i, 5000 + i), from(i), at(0));
      return verdict(ask(server, claim(5000 + i, 1), GUEST, at(i * 50)));
    });
    expect(verdicts.filter((word) => word === 'claimed')).toHaveLength(10);
    expect(verdicts[10]).toBe('rate-limited');
  });

  it('are more of a nameplate at which many are expected: a class behind one address', () => {
    const server = newServer();
    ask(server, register(1, 4711), HOST, at(0));
    ask(server, register(2, 4712, true), HOST, at(0));
    const verdicts = Array.from({ length: 40 }, (_, i) => {
      return verdict(ask(server, claim(4712, i), GUEST, at(20 * i)));
    });
    expect(new Set(verdicts)).toEqual(new Set(['claimed']));
    const strict = newServer({ openClaimRate: { perMinute: 1, burst: 2 } });
    ask(strict, register(2, 4712, true), HOST, at(0));
    const more = [1, 2, 3].map((i) => verdict(ask(strict, claim(4712, i), GUEST, at(0))));
    expect(more).toEqual(['claimed', 'claimed', 'rate-limited']);
  });

  it('may post 64 bodies at once and no more', () => {
    const server = newServer();
    ask(server, register(1, 4711), HOST, at(0));
    ask(server, claim(4711, 2), GUEST, at(0));
    for (let i = 0; i < 70; i += 1) ask(server, post(4711, 2, 2), GUEST, at(100 * i));
    expect(server.counters.drops['post-rate']).toBe(0);
    const strict = newServer({ postRate: { perMinute: 1, burst: 2 } });
    ask(strict, register(1, 4711), HOST, at(0));
    ask(strict, claim(4711, 2), GUEST, at(0));
    for (let i = 0; i < 5; i += 1) ask(strict, post(4711, 2, 2), GUEST, at(0));
    expect(strict.counters.drops['post-rate']).toBe(3);
  });
});

describe('claims of unknown nameplates', () => {
  it('shut a source out for ten minutes after five in a minute', () => {
    const server = newServer();
    ask(server, register(1, 4711), HOST, at(0));
    const guess = (now: number) => verdict(ask(server, claim(9999, 1), GUEST, at(now)));
    const first = [0, 1, 2, 3, 4, 5].map(guess);
    expect(first).toEqual([...Array.from({ length: 5 }, () => 'unknown-nameplate'), 'busy']);
    expect(verdict(ask(server, claim(4711, 1), GUEST, at(10 * MINUTE)))).toBe('busy');
    expect(verdict(ask(server, claim(4711, 1), from(1), at(10 * MINUTE)))).toBe('claimed');
    expect(verdict(ask(server, claim(4711, 2), GUEST, at(10 * MINUTE + 6)))).toBe('claimed');
  });

  it('are no guesses where the server has just started, but for too many', () => {
    const server = newServer({
      returnTime: millis(20_000),
      earlyMissRate: { perMinute: 1, burst: 3 },
    });
    const guess = (now: number) => verdict(ask(server, claim(9999, 1), GUEST, at(now)));
    const early = [0, 1, 2, 3].map(guess);
    expect(early).toEqual(['starting', 'starting', 'starting', 'rate-limited']);
    ask(server, register(1, 4711), HOST, at(100));
    expect(verdict(ask(server, claim(4711, 1), GUEST, at(100)))).toBe('rate-limited');
    expect(verdict(ask(server, claim(4711, 1), from(1), at(100)))).toBe('claimed');
    expect(guess(20_100)).toBe('unknown-nameplate');
  });
});

const FAST = { perMinute: 6000, burst: 100 };
