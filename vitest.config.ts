import { configDefaults, defineConfig } from 'vitest/config';

const E2E = 'test/e2e/**/*.test.ts';

export default defineConfig({
  test: {
    // Simulations and real processes are bounded by themselves; this only ends what hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two files at a time, also where there are two cores only: the long ones wait most of the time.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, E2E],
          typecheck: { enabled: true, include: ['test/types/**/*.test-d.ts'] },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [E2E],
          // They share a real kernel with whatever else the machine does. A bug fails again.
          retry: 2,
        },
      },
    ],
  },
});
