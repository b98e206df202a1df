import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: { include: ['test/types/**/*.test-d.ts'] },
    // Simulations and real processes are bounded by themselves; this only ends what hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // For what runs on a real kernel beside whatever else the machine does. A seeded test that fails
    // fails again, and a bug does too.
    retry: 2,
  },
});
