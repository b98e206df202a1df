import { expect } from 'vitest';
import type { Arena, Crossed } from './arena.ts';
import type { ClientName } from './lab-topology.ts';
import { type Cell, deadlineMs, flagsOf, type Letter, outcomeOf } from './nat-matrix.ts';

/** How the trials of a cell went that ended as they shall. */
export type CellResult = readonly Crossed[];

export interface Effort {
  readonly trials: number;
  /** How many of them must end as the letter says, and after how many that do there are no more. */
  readonly required: number;
  readonly enough: number;
  /** What the letter's time is multiplied with; 1 is for a machine that has nothing else to do. */
  readonly slack: number;
}

/** Tries a cell. Rejects if too many trials end otherwise than its letter says, or too late. */
export async function tryCell(
  arena: Arena,
  cell: Cell,
  { trials, required, enough, slack }: Effort,
): Promise<CellResult> {
  const results: Crossed[] = [];
  const failures: unknown[] = [];
  while (results.length < enough && results.length + failures.length < trials) {
    try {
      results.push(await tryOnce(arena, cell, slack));
    } catch (failure) {
      failures.push(failure);
      if (trials - failures.length < required) throw failure;
    }
  }
  return results;
}

/**
 * One transfer that ends as the letter says, in its time or `slack` times that. Where a direct path
 * is to be found the relay is slow, so that there is time to find it.
 */
export async function crossAs(
  letter: Letter,
  arena: Arena,
  [from, to]: readonly [ClientName, ClientName],
  slack: number,
): Promise<Crossed> {
  const outcome = outcomeOf(letter);
  const options = { relayKBps: RELAY_KBPS[outcome], flags: flagsOf(letter) };
  const crossed = await arena.cross(from, to, options);
  const { path, firstMs, directMs = Number.POSITIVE_INFINITY, timelines } = crossed;
  expect(outcome, timelines).toContain(path);
  const ms = path === 'direct' ? directMs : firstMs;
  expect(ms, timelines).toBeLessThan(deadlineMs(letter) * slack);
  return crossed;
}

/**
 * The sample is 8 MiB: it takes 16 s by a relay that must not win, long enough to find what is to be
 * found, and to see that it was not; 4 s where both is right.
 */
const RELAY_KBPS = { direct: 512, relay: undefined, 'direct or relay': 2048 } as const;

async function tryOnce(arena: Arena, cell: Cell, slack: number): Promise<Crossed> {
  const { sender, receiver, letter } = cell;
  const { lab } = arena;
  await Promise.all([lab.nat('ra', sender.recipe), lab.nat('rb', receiver.recipe)]);
  return await crossAs(letter, arena, ['a', 'b'], slack);
}
