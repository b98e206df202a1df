import { afterAll, beforeAll } from 'vitest';
import { type Server, Stage } from './stage.ts';

/**
 * A server for the tests of one `describe`, to be asked for in them. Not one for all tests: it takes
 * ten claims of one address at once, and groups that are concurrent run beside each other.
 */
export function groupServer(): () => Server {
  const stage = new Stage();
  let server: Server | undefined;
  beforeAll(async () => {
    server = await stage.server();
  });
  afterAll(() => stage.clear());
  return () => {
    if (server === undefined) throw new Error('unreachable: asked for outside of a test');
    return server;
  };
}
