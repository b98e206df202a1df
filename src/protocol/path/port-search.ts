import type { Random } from '../ports.ts';
import type { PortSearch } from './punch-plan.ts';

/** How far above the last sample a sequence is followed: 100 foreign flows a second for 7 s. */
const SEQUENCE_REACH = 700;
const MAX_PORT = 65_535;

/** The ports of a search in the order in which they are tried; at most `most`. */
export function portsOf(
  search: PortSearch,
  most: number,
  random: Pick<Random, 'integer'>,
): number[] {
  return search.kind === 'sequence' ? sequence(search, most) : shuffled(search, most, random);
}

/**
 * The mapping in question was made between the two samples, so what lies between them comes first.
 * A sequence that began anew in between says nothing but where it is now.
 */
function sequence(
  { samples, step }: Extract<PortSearch, { kind: 'sequence' }>,
  most: number,
): number[] {
  const { before, after } = samples;
  const end = Math.max(before, after) + SEQUENCE_REACH * step;
  const start = after < before ? 2 * after - before : before;
  const ports: number[] = [];
  for (let port = Math.max(1024, start); port <= Math.min(end, MAX_PORT); port += step) {
    ports.push(port);
  }
  return ports.slice(0, most);
}

/** The beginning of a random permutation (Fisher and Yates), which is all that is needed of it. */
function shuffled(
  { low, high }: Extract<PortSearch, { kind: 'range' }>,
  most: number,
  random: Pick<Random, 'integer'>,
): number[] {
  const ports = Uint16Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const count = Math.min(ports.length, most);
  for (let i = 0; i < count; i += 1) {
    const other = i + random.integer(ports.length - i);
    const chosen = ports[other] as number;
    ports[other] = ports[i] as number;
    ports[i] = chosen;
  }
  return [...ports.subarray(0, count)];
}
