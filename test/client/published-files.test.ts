import { describe, expect, it } from 'vitest';
import { fileEvents } from '../../src/client/published-files.ts';
import { treeOffer } from '../support/tree-offer.ts';

const { entries } = treeOffer({
  b: new Uint8Array(20),
  a: new Uint8Array(10),
  c: null,
  'c/x': new Uint8Array(5),
});
const where = { entries, folder: '/inbox', path: '/inbox', bytes: 35 } as const;

describe('what is told of what was received', () => {
  it('is what became of each thing at the top, with its own size', () => {
    const published = [
      { offered: 'a', name: 'a (1)', status: 'renamed' },
      { offered: 'c', name: 'c', status: 'merged' },
    ] as const;
    expect(fileEvents(published, { ...where, onConflict: 'rename' })).toEqual([
      { event: 'file', path: '/inbox/a (1)', bytes: 10, status: 'renamed' },
      { event: 'file', path: '/inbox/c', bytes: 5, status: 'merged' },
      { event: 'file', path: '/inbox/b', bytes: 20, status: 'unchanged' },
    ]);
  });

  it('says that what was to be left out was left out', () => {
    const events = fileEvents([], { ...where, onConflict: 'skip' });
    expect(events.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped']);
  });

  it('takes what a stream brought for its size', () => {
    const published = [{ offered: '-', name: '-', status: 'written' }] as const;
    const stream = { ...where, folder: undefined, path: '-', onConflict: undefined, bytes: 7 };
    expect(fileEvents(published, stream)).toEqual([
      { event: 'file', path: '-', bytes: 7, status: 'written' },
    ]);
  });
});
