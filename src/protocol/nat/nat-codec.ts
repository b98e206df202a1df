import type { ByteReader } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';
import type { Filtering, Mapping, NatBehavior, PortAllocation } from './nat-behavior.ts';

/**
 * A NAT's behaviour in 7 bytes, so that the peer can choose its tactics by it:
 *
 *     0        mapping (1)      0 unknown, 1 endpoint-independent, 2 address-dependent,
 *                               3 address- and port-dependent
 *     1        filtering (1)    the same
 *     2        allocation (1)   0 unknown, 1 preserving, 2 sequential, 3 block, 4 random
 *     3        two numbers (2 each): step and 0; lowest and highest port; else 0 and 0
 */
export function writeNatBehavior(writer: ByteWriter, behavior: NatBehavior): void {
  writer.uint8(DEPENDENCIES.indexOf(behavior.mapping));
  writer.uint8(DEPENDENCIES.indexOf(behavior.filtering));
  writer.uint8(ALLOCATIONS.indexOf(behavior.allocation.kind));
  const [first, second] = numbersOf(behavior.allocation);
  writer.uint16(first);
  writer.uint16(second);
}

/** Reads what `writeNatBehavior` wrote; `undefined` for what it never writes. */
export function readNatBehavior(reader: ByteReader): NatBehavior | undefined {
  const mapping = DEPENDENCIES[reader.uint8() ?? DEPENDENCIES.length];
  const filtering = DEPENDENCIES[reader.uint8() ?? DEPENDENCIES.length];
  const kind = ALLOCATIONS[reader.uint8() ?? ALLOCATIONS.length];
  const first = reader.uint16();
  const second = reader.uint16();
  if (mapping === undefined || filtering === undefined || kind === undefined) return undefined;
  if (first === undefined || second === undefined) return undefined;
  const allocation = allocationOf(kind, first, second);
  return allocation && { mapping, filtering, allocation };
}

/** More than this between two mappings is no sequence that could be followed. */
const MAX_STEP = 64;
const MAX_BLOCK = 2048;

const DEPENDENCIES = [
  'unknown',
  'endpoint-independent',
  'address-dependent',
  'address-and-port-dependent',
] as const satisfies readonly (Mapping | Filtering)[];

const ALLOCATIONS = [
  'unknown',
  'preserving',
  'sequential',
  'block',
  'random',
] as const satisfies readonly PortAllocation['kind'][];

function numbersOf(allocation: PortAllocation): [number, number] {
  if (allocation.kind === 'sequential') return [allocation.step, 0];
  return allocation.kind === 'block' ? [allocation.low, allocation.high] : [0, 0];
}

function allocationOf(
  kind: PortAllocation['kind'],
  first: number,
  second: number,
): PortAllocation | undefined {
  if (kind === 'sequential') {
    return first > 0 && first <= MAX_STEP ? { kind, step: first } : undefined;
  }
  if (kind !== 'block') return { kind };
  const isBlock = first > 0 && first <= second && second - first < MAX_BLOCK;
  return isBlock ? { kind, low: first, high: second } : undefined;
}
