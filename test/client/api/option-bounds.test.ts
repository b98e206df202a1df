import { describe, expect, it } from 'vitest';
import { receive } from '../../../src/client/receive.ts';
import { send } from '../../../src/client/send.ts';

const CODE = '4821-acorn-velvet-harbor';
const USAGE = { code: 'P2P_USAGE' };

describe('what to send', () => {
  it.each([
    ['nothing', { paths: [] }],
    ['files and a text', { paths: ['a.txt'], text: 'b' }],
  ])('is refused where it is %s', async (_, options) => {
    await expect(send(options).result).rejects.toMatchObject(USAGE);
  });
});

describe('a limit or a time that is none', () => {
  it.each([{ limit: 0 }, { limit: Number.NaN }, { timeoutMs: -1 }, { timeoutMs: Number.NaN }])(
    'is refused: %o',
    async (options) => {
      await expect(receive({ code: CODE, ...options }).result).rejects.toMatchObject(USAGE);
      await expect(send({ paths: ['a.txt'], ...options }).result).rejects.toMatchObject(USAGE);
    },
  );
});
