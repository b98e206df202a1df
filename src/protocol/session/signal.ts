import type { Candidate, CandidateKind } from '../candidate.ts';
import { type NatBehavior, UNKNOWN_NAT } from '../nat/nat-behavior.ts';
import { readNatBehavior, writeNatBehavior } from '../nat/nat-codec.ts';
import type { PortSamples } from '../path/punch-plan.ts';
import { elapsed, type Instant, instant } from '../time.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { readEndpoint, writeEndpoint } from '../wire/endpoint.ts';
import type { StreamOffer } from './stream-punch.ts';

/** What one side knows of itself that helps the other to reach it; each signal has all of it. */
export interface Situation {
  /** Its own addresses; kinds other than these are for the server to tell. */
  readonly candidates: readonly Candidate[];
  readonly nat: NatBehavior;
  readonly samples: PortSamples | undefined;
  /** Where it can be connected to by TCP; absent unless UDP is blocked on either side. */
  readonly stream: StreamOffer | undefined;
  /** The port of its public address at which its router lets everybody in. */
  readonly mappedPort: number | undefined;
  /** Whether its user wants a direct path whatever the search for one costs. */
  readonly thorough: boolean;
}

export const NOTHING_KNOWN: Situation = {
  candidates: [],
  nat: UNKNOWN_NAT,
  samples: undefined,
  stream: undefined,
  mappedPort: undefined,
  thorough: false,
};

/** A situation, its number, and the number of the last one of the other side that has come. */
export interface Signal {
  readonly version: number;
  readonly seen: number;
  /** Whether an answer is wanted, because the other side is not known to have this version. */
  readonly asks: boolean;
  readonly situation: Situation;
}

/** As many as the box of the handshake has. */
const MAX_CANDIDATES = 16;

/**
 * The plaintext of a signal (docs/protocol-paths.md):
 *
 *     0        version (4), seen (4)
 *     8        asks (1)             0 or 1
 *     9        NAT behaviour (7)
 *     16       samples (2, 2)       ports of mappings before and after; zeros: none
 *     20       age, rate (2, 2)     milliseconds since the second one, and ports that are given out in a second
 *     24       count (1)            at most 16
 *     25       candidates (20 each) kind (1), endpoint (19)
 *     ...      stream (1, 2)        round and port of an offer to connect; zeros: none
 *     ...      mapped port (2)      0: none
 *     ...      thorough (1)         0 or 1
 */
export function encodeSignal({ version, seen, asks, situation }: Signal, now: Instant): Uint8Array {
  const { nat, samples } = situation;
  const candidates = situation.candidates.slice(0, MAX_CANDIDATES);
  const writer = new ByteWriter();
  writer.uint32(version);
  writer.uint32(seen);
  writer.uint8(asks ? 1 : 0);
  writeNatBehavior(writer, nat);
  writer.uint16(samples?.before ?? 0);
  writer.uint16(samples?.after ?? 0);
  writer.uint16(samples === undefined ? 0 : clamp16(elapsed(samples.at, now)));
  writer.uint16(clamp16(samples?.rate ?? 0));
  writer.uint8(candidates.length);
  for (const { kind, endpoint } of candidates) {
    writer.uint8(KINDS.indexOf(kind));
    writeEndpoint(writer, endpoint);
  }
  writer.uint8(situation.stream?.round ?? 0);
  writer.uint16(situation.stream?.port ?? 0);
  writer.uint16(situation.mappedPort ?? 0);
  writer.uint8(situation.thorough ? 1 : 0);
  return writer.finish();
}

/**
 * Reads what `encodeSignal` wrote, and ignores what follows. None of its candidates is admitted yet.
 * The way here counts for nothing: it is far shorter than what is made of the times.
 */
export function decodeSignal(bytes: Uint8Array, now: Instant): Signal | undefined {
  const reader = new ByteReader(bytes);
  const version = reader.uint32();
  const seen = reader.uint32();
  const asks = reader.uint8();
  const nat = readNatBehavior(reader);
  const before = reader.uint16();
  const after = reader.uint16();
  const age = reader.uint16();
  const rate = reader.uint16();
  const candidates = readCandidates(reader);
  const round = reader.uint8();
  const port = reader.uint16();
  const mapped = reader.uint16();
  const thorough = reader.uint8();
  if (version === undefined || seen === undefined || nat === undefined) return undefined;
  if (before === undefined || after === undefined || age === undefined) return undefined;
  if (rate === undefined || candidates === undefined) return undefined;
  if (round === undefined || port === undefined || mapped === undefined) return undefined;
  if (thorough === undefined) return undefined;
  const isSampled = before !== 0 && after !== 0;
  const samples = isSampled ? { before, after, rate, at: instant(now - age) } : undefined;
  const stream = round === 0 || port === 0 ? undefined : { round, port };
  const mappedPort = mapped === 0 ? undefined : mapped;
  const situation = { candidates, nat, samples, stream, mappedPort, thorough: thorough === 1 };
  return { version, seen, asks: asks === 1, situation };
}

function clamp16(value: number): number {
  return Math.min(Math.max(0, Math.round(value)), 0xffff);
}

function readCandidates(reader: ByteReader): Candidate[] | undefined {
  const count = reader.uint8();
  if (count === undefined || count > MAX_CANDIDATES) return undefined;
  const candidates: Candidate[] = [];
  for (let i = 0; i < count; i += 1) {
    const kind = KINDS[reader.uint8() ?? KINDS.length];
    const endpoint = readEndpoint(reader);
    if (endpoint === undefined) return undefined;
    // What a later version adds is for those who know it.
    if (kind !== undefined) candidates.push({ kind, endpoint });
  }
  return candidates;
}

/** Kinds that a peer may name, by their number on the wire. */
const KINDS: readonly CandidateKind[] = ['host'];
