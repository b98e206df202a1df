import { expect, it } from 'vitest';

it('exports what the documentation names and nothing else', async () => {
  expect(Object.keys(await import('../src/index.ts')).sort()).toEqual([
    'P2PShareError',
    'diagnose',
    'forget',
    'receive',
    'resume',
    'send',
    'serve',
    'unfinished',
  ]);
});
