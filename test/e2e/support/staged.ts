import { test } from 'vitest';
import { Stage } from './stage.ts';

/** `it` with a stage of its own for each test, so that tests may run side by side. */
export const it = test.extend<{ stage: Stage }>({
  stage: async ({ task: _task }, use) => {
    const stage = new Stage();
    try {
      await use(stage);
    } finally {
      await stage.clear();
    }
  },
});
