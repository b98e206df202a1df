import { describe, expect, it } from 'vitest';
import { fileEvents } from '../../../src/client/receiving/published-files.ts';
import { treeOffer } from '../../support/tree-offer.ts';

const { entries } = treeOffer({
  b: new Uint8Array(20),
  a: new Uint8Array(10),
  c: null,
  'c/x': new Uint8Array(5),
});
const where = {
  entries,
  folder: '/inbox',
  path: '/inbox',
  bytes: 35,
  omitted: [],
  omittedLinks: 0,
} as const;

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

  it('says nothing of links at the top that could not be made', () => {
    const linked = treeOffer({ a: new Uint8Array(10), l: 'a' });
    const published = [{ offered: 'a', name: 'a', status: 'written' }] as const;
    const offer = { ...where, entries: linked.entries, onConflict: undefined, bytes: 10 };
    const told = (omittedLinks: number) =>
      fileEvents(published, { ...offer, omittedLinks }).map(({ path }) => path);
    expect(told(1)).toEqual(['/inbox/a']);
    expect(told(0)).toEqual(['/inbox/a', '/inbox/l']);
  });

  it('takes what a stream brought for its size', () => {
    const published = [{ offered: '-', name: '-', status: 'written' }] as const;
    const stream = { ...where, folder: undefined, path: '-', onConflict: undefined, bytes: 7 };
    expect(fileEvents(published, stream)).toEqual([
      { event: 'file', path: '-', bytes: 7, status: 'written' },
    ]);
  });
});
