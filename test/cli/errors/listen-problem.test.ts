import { expect, it } from 'vitest';
import { listenProblem } from '../../../src/cli/errors/listen-problem.ts';
import { P2PShareError } from '../../../src/protocol/errors.ts';

it.each([['--listen'], ['--listen or --monitor']])(
  'a server that cannot listen is told which flags there are: %s',
  (flags) => {
    const cause = Object.assign(new Error('listen'), { code: 'EADDRINUSE' });
    const error = new P2PShareError('P2P_LOCAL_IO', 'cannot listen on 127.0.0.1:1', { cause });
    expect(listenProblem(error, flags)).toMatchObject({
      code: 'P2P_LOCAL_IO',
      hint: expect.stringContaining(`with ${flags} ADDRESS:PORT`),
    });
  },
);
