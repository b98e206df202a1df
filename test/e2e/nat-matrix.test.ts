import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { seedsFor } from '../support/seeds.ts';
import { Arena } from './support/arena.ts';
import { ensureBuilt } from './support/build.ts';
import { skipReason } from './support/lab.ts';
import { type Effort, tryCell } from './support/matrix-cell.ts';
import { MatrixReport } from './support/matrix-report.ts';
import {
  type Cell,
  cellOf,
  cells,
  type Letter,
  outcomeOf,
  requiredOf,
} from './support/nat-matrix.ts';
import { nat } from './support/nat-recipes.ts';

const reason = skipReason();
if (reason) console.warn(`nat-matrix: skipped: ${reason}`);

/** `npm run matrix` tries every cell, as often as P2PSHARE_TRIALS says; `npm test` a few of each kind. */
const { P2PSHARE_MATRIX: extent, P2PSHARE_TRIALS: trialsWanted = '1' } = process.env;
const isFull = extent === 'full';
const trials = Number(trialsWanted);
const TRIAL_PATIENCE_MS = 40_000;

/** Pairs that are tried every time. */
const ALWAYS = [
  cellOf(nat.portRestricted, nat.portRestricted),
  cellOf(nat.fullCone, nat.symmetric),
  cellOf(nat.symmetric, nat.fullCone),
  cellOf(nat.none, nat.portRestricted),
  cellOf(nat.portRestricted, nat.none),
  cellOf(nat.symmetric, nat.symmetric),
];
/** How many more there are of each letter, other ones every day. */
const SAMPLE: Readonly<Record<Letter, number>> = {
  ...{ D: 3, 'D^': 1, P: 1, 'P^': 1, B: 1, 'B^': 1, K: 1, k: 1, L: 0, T: 1, R: 0, W: 1, N: 0 },
};

const [seed = 0] = seedsFor(1);
const chosen = isFull ? cells : [...ALWAYS, ...sample(seed)];
const report = new MatrixReport(trials);
let arena: Arena;

describe.skipIf(reason)(`two peers behind NATs (seed ${seed})`, () => {
  beforeAll(async () => {
    await ensureBuilt();
    arena = await Arena.create();
  });
  afterAll(async () => {
    await arena.close();
    console.info(`sender in rows, receiver in columns, milliseconds\n\n${report}`);
  });

  it.each(chosen.map((cell) => [titleOf(cell), cell] as const))(
    '%s',
    { timeout: (trials + 1) * TRIAL_PATIENCE_MS },
    async (_title, cell) => {
      report.add(cell, await tryCell(arena, cell, effortFor(cell.letter)));
    },
  );
});

describe('the matrix', () => {
  it('holds every pair of behaviours in both roles', () => {
    expect(cells.length).toBe(17 * 17);
    expect(cells.filter(({ letter }) => letter === undefined)).toEqual([]);
  });

  it('promises the same whoever sends', () => {
    const mirrored = cells.filter(({ sender, receiver, letter }) => {
      return cellOf(receiver.recipe, sender.recipe).letter !== letter;
    });
    expect(mirrored).toEqual([]);
  });
});

describe('a cell', () => {
  it('may fail once in twenty trials where chance decides, and never where it does not', () => {
    expect((['D', 'P', 'B^', 'K', 'R'] as const).map((it) => requiredOf(it, 20))).toEqual([
      20, 19, 19, 19, 20,
    ]);
    expect(requiredOf('B', 1)).toBe(1);
  });

  it('may fail thrice in twenty trials where thousands of packets are to be spared', () => {
    expect(requiredOf('k', 20)).toBe(17);
  });
});

/** A few cells are tried by people who want to know whether they broke something: no false alarms. */
function effortFor(letter: Letter): Effort {
  if (isFull) return { trials, required: requiredOf(letter, trials), enough: trials, slack: 1 };
  const dependsOnChance = requiredOf(letter, 20) < 20;
  return { trials: dependsOnChance ? 2 : 1, required: 1, enough: 1, slack: 5 };
}

function titleOf({ sender, receiver, letter }: Cell): string {
  return `${sender.label} to ${receiver.label}: ${outcomeOf(letter)} (${letter})`;
}

function sample(of: number): Cell[] {
  const random = new SeededRandom(of);
  return Object.entries(SAMPLE).flatMap(([letter, count]) => {
    const candidates = cells.filter((cell) => cell.letter === letter && !ALWAYS.includes(cell));
    return Array.from({ length: count }, () => {
      return candidates.splice(random.integer(candidates.length), 1);
    }).flat();
  });
}
