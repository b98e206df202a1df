import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningServer } from '../../src/client/api/options.ts';
import type { Transfer } from '../../src/client/api/transfer-handle.ts';
import { send } from '../../src/client/send.ts';
import { DEFAULT_SERVER_LIMITS } from '../../src/protocol/rendezvous/server-limits.ts';
import { capacityFor } from '../../src/server/capacity.ts';
import { serve } from '../../src/server/serve.ts';

let server: RunningServer | undefined;
let leaving: AbortController;

beforeEach(() => {
  leaving = new AbortController();
});

afterEach(async () => {
  leaving.abort();
  await server?.close();
});

describe('how much each address is granted', () => {
  it.each([1, 2])('is as many transfers as are said: %i', async (perAddress) => {
    server = await serve({ listen: '127.0.0.1:0', perAddress });
    for (let number = 1; number <= perAddress; number += 1) {
      expect(await firstWord(sending(server))).toMatchObject({ event: 'code' });
    }
    expect(await firstWord(sending(server))).toMatchObject({ phase: 'waiting-for-server' });
  });

  it('grows with it, and never to more than there is', () => {
    const { limits, relayLimits, streamLimits } = capacityFor(5000);
    expect(limits).toMatchObject({ registrationsPerHost: 10_000, registrationsPerSite: 10_000 });
    expect(limits.claimRate).toEqual({ perMinute: 5000, burst: 5000 });
    expect(limits.openClaimRate).toEqual(limits.claimRate);
    expect(capacityFor(1).limits.openClaimRate).toEqual(DEFAULT_SERVER_LIMITS.openClaimRate);
    expect(relayLimits).toEqual({ sessionsPerHost: 5000, sessions: 5000 });
    expect(streamLimits.connections).toBeGreaterThan(streamLimits.connectionsPerSource ?? 0);
    expect(limits.registrations ?? DEFAULT_SERVER_LIMITS.registrations).toBeGreaterThan(10_000);
  });

  it('leaves what guards codes as it is', () => {
    const { limits } = capacityFor(5000);
    for (const guard of ['missRate', 'missPenalty', 'claimsPerNameplate', 'challengeRate']) {
      expect(limits).not.toHaveProperty(guard);
    }
  });

  it.each([0, -1, 1.5, 5001, Number.NaN])('is no %d', async (perAddress) => {
    const serving = serve({ listen: '127.0.0.1:0', perAddress });
    await expect(serving).rejects.toMatchObject({ code: 'P2P_USAGE' });
  });
});

function sending({ endpoints }: RunningServer): Transfer {
  const { signal } = leaving;
  return send({ servers: endpoints, lan: false, paths: [import.meta.filename], signal });
}

/** The code, or why there is none yet. */
async function firstWord(transfer: Transfer) {
  for await (const event of transfer) {
    if (event.event === 'code' || event.event === 'error') return event;
    if (event.event === 'status' && event.phase === 'waiting-for-server') return event;
  }
  return undefined;
}
