import { expect, it } from 'vitest';
import { listenProblem } from '../../../src/cli/errors/listen-problem.ts';
import { P2PShareError } from '../../../src/protocol/errors.ts';

it.each([
  ['for TCP', '--listen'],
  ['for monitors', '--monitor'],
])('a server that cannot listen %s is told to choose another %s', (what, flag) => {
  const cause = Object.assign(new Error('listen'), { code: 'EADDRINUSE' });
  const error = new P2PShareError('P2P_LOCAL_IO', `cannot listen on 127.0.0.1:1 ${what}`, {
    cause,
  });
  expect(listenProblem(error)).toMatchObject({
    code: 'P2P_LOCAL_IO',
    hint: expect.stringContaining(`with ${flag} ADDRESS:PORT`),
  });
});
