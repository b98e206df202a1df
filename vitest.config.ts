import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

const E2E = 'test/e2e/**/*.test.ts';

/** Who replaces modules needs some that nobody else has. */
const REPLACING = readdirSync(join(import.meta.dirname, 'test'), { recursive: true })
  .map((entry) => `test/${String(entry).split(sep).join('/')}`)
  .filter((path) => path.endsWith('.test.ts'))
  .filter((path) => readFileSync(join(import.meta.dirname, path), 'utf8').includes('vi.mock('));

export default defineConfig({
  test: {
    // Simulations and real processes are bounded by themselves; this only ends what hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Three files at a time, also where there are two cores only: the long ones wait a third of the time.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, E2E, ...REPLACING],
          // Their modules are loaded, and what is hot in them is compiled, once: half of the time.
          isolate: false,
          typecheck: { enabled: true, include: ['test/types/**/*.test-d.ts'] },
        },
      },
      {
        extends: true,
        test: { name: 'replacing', include: REPLACING },
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
