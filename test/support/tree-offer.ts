import type { Hasher } from '../../src/protocol/ports.ts';
import type { Entry } from '../../src/protocol/transfer/entries/entry.ts';
import { type EntryName, parseEntryName } from '../../src/protocol/transfer/entries/entry-name.ts';
import { chunkCount } from '../../src/protocol/transfer/limits.ts';
import type { Holdings } from '../../src/protocol/transfer/messages/answer-message.ts';

/** What is offered, with the bytes of its files. */
export interface TreeOffer {
  readonly entries: readonly Entry[];
  /** By index of the entry. */
  readonly bytes: ReadonlyMap<number, Uint8Array>;
}

/** Of everything in such an offer: one that is cut when it is told in seconds. */
export const TREE_TIME_MS = 1_795_647_252_448;

/** A path with `/` between names. */
export function pathOf(path: string): EntryName[] {
  return path.split('/').map((text) => {
    const name = parseEntryName(text);
    if (typeof name !== 'string') throw new Error(`${text}: ${name.refused}`);
    return name;
  });
}

/** An offer of these paths: bytes make a file, `null` a folder, a text a link that says so. */
export function treeOffer(
  tree: Readonly<Record<string, Uint8Array | string | null>>,
  version = 1n,
): TreeOffer {
  const entries: Entry[] = [];
  const bytes = new Map<number, Uint8Array>();
  for (const [text, content] of Object.entries(tree)) {
    const place = { path: pathOf(text), mtimeMs: TREE_TIME_MS };
    if (content === null) entries.push({ kind: 'folder', ...place, mode: 0o755, size: 0 });
    else if (typeof content === 'string') {
      entries.push({ kind: 'link', ...place, mode: 0o777, size: 0, target: content });
    } else {
      bytes.set(entries.length, content);
      const { length: size } = content;
      entries.push({ kind: 'file', ...place, mode: 0o644, size, version });
    }
  }
  return { entries, bytes };
}

/** A chunk as a receiver writes it. */
export interface Chunk {
  readonly entry: number;
  readonly chunk: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly sum: bigint;
}

/** The chunks of an offer that a receiver with these holdings is sent, in order. */
export function* chunksOf(
  { entries, bytes }: TreeOffer,
  { chunkBytes, holdings, hasher }: { chunkBytes: number; holdings: Holdings; hasher: Hasher },
): Generator<Chunk> {
  for (const [entry, content] of bytes) {
    if (holdings.skipped.some(({ first, count }) => entry >= first && entry < first + count)) {
      continue;
    }
    for (let chunk = 0; chunk < chunkCount(entries[entry]?.size ?? 0, chunkBytes); chunk += 1) {
      const isHeld = [...holdings.have].some(
        (run) => run.entry === entry && chunk >= run.first && chunk < run.first + run.count,
      );
      if (isHeld) continue;
      const offset = chunk * chunkBytes;
      const part = content.subarray(offset, offset + chunkBytes);
      yield { entry, chunk, offset, bytes: part, sum: hasher.xxh64(part) };
    }
  }
}
