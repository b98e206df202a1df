import { expect, it } from 'vitest';
import { Allocations } from '../../../src/protocol/relay/allocations.ts';
import { DEFAULT_RELAY_LIMITS } from '../../../src/protocol/relay/relay-limits.ts';
import { instant } from '../../../src/protocol/time.ts';
import { sameBytes } from '../../../src/protocol/wire/bytes.ts';

const [NEAR, FAR] = ['203.0.113.1', '203.0.113.2'] as const;

it('a silent session gives way to a newer one of its source, the quietest first', () => {
  const allocations = new Allocations({ ...DEFAULT_RELAY_LIMITS, sessionsPerHost: 2 }, sameBytes);
  const bind = (key: string, source: string, second: number) =>
    allocations.bind(
      {
        key,
        source,
        side: 'owner',
        remote: { address: source, port: 1 },
        tokenHash: new Uint8Array(32),
        connectionId: new Uint8Array(8),
      },
      instant(second * 1000),
    );
  expect([bind('a', NEAR, 0), bind('b', NEAR, 3), bind('z', FAR, 0)]).not.toContain('busy');
  expect([bind('c', NEAR, 19), bind('c', NEAR, 20)]).toEqual(['busy', 'waiting']);
  // In place of the first; the second is heard again in time.
  expect([bind('d', NEAR, 22), bind('b', NEAR, 22), bind('d', NEAR, 23)]).toEqual([
    'busy',
    'waiting',
    'busy',
  ]);
  expect(allocations.size).toBe(3);
});
