import { it } from 'vitest';

const DAY_MS = 86_400_000;
// Far more than any count: no two days share a seed for years.
const SEEDS_PER_DAY = 100_003;
// What a run of one seed may take before the test counts as hanging.
const SEED_TIMEOUT_MS = 10_000;
const LEAST_TIMEOUT_MS = 60_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The seeds to try: `count` of them, others every day, so that a thousand runs of the tests try
 * thousands of seeds. `P2PSHARE_SEED` names a single one; `P2PSHARE_SEEDS` says how many, counted
 * from `P2PSHARE_FIRST_SEED`.
 */
export function seedsFor(
  count: number,
  environment: Environment = process.env,
  today: number = Math.floor(Date.now() / DAY_MS),
): number[] {
  const { P2PSHARE_SEED: one, P2PSHARE_SEEDS: many, P2PSHARE_FIRST_SEED: start } = environment;
  if (one !== undefined) return [wholeNumber('P2PSHARE_SEED', one)];
  const first =
    start === undefined ? today * SEEDS_PER_DAY : wholeNumber('P2PSHARE_FIRST_SEED', start);
  const length = many === undefined ? count : wholeNumber('P2PSHARE_SEEDS', many);
  return Array.from({ length }, (_, index) => (first + index) >>> 0);
}

/** Declares a test that runs `check` with each of `count` seeds; its failure names the seed. */
export function forEachSeed(
  name: string,
  count: number,
  check: (seed: number) => void | Promise<void>,
): void {
  const seeds = seedsFor(count);
  const timeout = Math.max(LEAST_TIMEOUT_MS, seeds.length * SEED_TIMEOUT_MS);
  it(`${name} (seeds ${seeds[0]} to ${seeds.at(-1)})`, { timeout }, () => tryAll(seeds, check));
}

/** Runs `check` with one seed after another. Rejects at the first failure with `seed 12345: …`. */
export async function tryAll(
  seeds: readonly number[],
  check: (seed: number) => void | Promise<void>,
): Promise<void> {
  for (const seed of seeds) {
    try {
      await check(seed);
    } catch (error) {
      throw named(seed, error);
    }
  }
}

// The error itself is kept: it knows the line and the difference that the reporter shows.
function named(seed: number, error: unknown): Error {
  const prefix = `seed ${seed}: `;
  if (!(error instanceof Error)) return new Error(`${prefix}${String(error)}`);
  if (!error.message.startsWith(prefix)) error.message = `${prefix}${error.message}`;
  return error;
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new Error(`${name}: not a whole number: ${text}`);
}
