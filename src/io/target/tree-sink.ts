import type { Hasher } from '../../protocol/ports.ts';
import type { ChunkWrite } from '../../protocol/transfer/chunks/chunk-writes.ts';
import type { Entries, Entry } from '../../protocol/transfer/entries/entry.ts';
import { chunkCount } from '../../protocol/transfer/limits.ts';
import type { Holdings } from '../../protocol/transfer/messages/answer-message.ts';
import { asFileError } from '../files/file-errors.ts';
import { FileRoot } from '../files/file-root.ts';
import { requireSpace } from '../files/file-space.ts';
import type { FileSystem } from '../files/file-system.ts';
import { Checkpoints } from './checkpoints.ts';
import type { OnConflict } from './file-publish.ts';
import type { FileSink } from './file-sink.ts';
import { placeOf, type Target } from './file-target.ts';
import { Gate } from './gate.ts';
import { JournalFile } from './journal-file.ts';
import { entryKeys } from './offer-key.ts';
import { OlderFiles } from './older-files.ts';
import { publishStaged } from './publish-settled.ts';
import { bytesNeeded, type StagedBefore, takeUp, wantedSizes } from './staged-before.ts';
import { StagedTree } from './staged-tree.ts';
import { openStaging, removeIfEmpty, removeStaging } from './staging-folder.ts';
import { runsOf, type Survey, surveyTarget } from './target-survey.ts';
import type { Published } from './tree-publish.ts';

export interface SinkOptions {
  readonly target: Target;
  readonly entries: Entries;
  /** How many bytes of them have to have room; all by default. */
  readonly storedBytes?: number;
  /** Bytes of a chunk. */
  readonly chunkBytes: number;
  /** `fail`: throws `P2P_TARGET_EXISTS` before any data where anything is in the way. */
  readonly onConflict: OnConflict;
  /** Names the staging folder, so that it is known again after a death; letters and digits. */
  readonly id: string;
  readonly hasher: Hasher;
  /** Whether all permission bits are taken over, not just the executable one. */
  readonly preserve?: boolean;
  /** Whether files that are there are used for what has not changed in them. */
  readonly delta?: boolean;
  /** Where it is written; the file system of this machine by default. */
  readonly files?: FileSystem;
  /** How much may be written before it is made durable and noted; 64 MiB by default. */
  readonly checkpointBytes?: number;
}

/**
 * Prepares to receive an offer: looks what is in the way and whether the space is enough before any
 * data comes, then opens a private staging folder beside the target, with what an earlier attempt
 * has left there. Throws `P2P_TARGET_EXISTS`, `P2P_TARGET_UNWRITABLE`, `P2P_DISK_FULL` or
 * `P2P_LOCAL_IO`.
 */
export async function openSink(options: SinkOptions): Promise<TreeSink> {
  const { target, entries, onConflict, files, id } = options;
  return await asFileError('target', async () => {
    const place = placeOf(target);
    const root = await FileRoot.open(place.directory, true, files);
    let staging: FileRoot | undefined;
    try {
      const survey = await surveyTarget(root, entries, onConflict, place.name);
      staging = await openStaging(root, id);
      return await TreeSink.open(options, { root, staging, survey });
    } catch (error) {
      if (staging !== undefined) await removeIfEmpty(root, id, staging).catch(() => undefined);
      await root.close();
      throw error;
    }
  });
}

interface Places {
  readonly root: FileRoot;
  readonly staging: FileRoot;
  readonly survey: Survey;
}

/** An offer that is being received into a folder. */
export class TreeSink implements FileSink {
  readonly inOrder = false;
  readonly #options: SinkOptions;
  readonly #places: Places;
  readonly #tree: StagedTree;
  readonly #checkpoints: Checkpoints;
  readonly #anchor: () => Promise<void>;
  /** Files are written side by side; syncs and the end need that nobody writes. */
  readonly #gate: Gate;
  readonly #older: OlderFiles;
  /** What need not be sent. */
  readonly holdings: Holdings;
  /** How many chunks are still to come, of each entry of which some have. */
  readonly #missing = new Map<number, number>();
  readonly #before: StagedBefore;
  #ended = false;

  private constructor(
    options: SinkOptions,
    parts: {
      places: Places;
      tree: StagedTree;
      before: StagedBefore;
      checkpoints: Checkpoints;
      anchor: () => Promise<void>;
      gate: Gate;
      older: OlderFiles;
    },
  ) {
    this.#options = options;
    this.#places = parts.places;
    this.#tree = parts.tree;
    this.#before = parts.before;
    this.#checkpoints = parts.checkpoints;
    this.#anchor = parts.anchor;
    this.#gate = parts.gate;
    this.#older = parts.older;
    this.holdings = {
      skipped: runsOf(parts.places.survey.skipped),
      have: parts.before.held.ranges,
      bases: parts.older.bases,
    };
  }

  static async open(options: SinkOptions, places: Places): Promise<TreeSink> {
    const { entries, chunkBytes, hasher, preserve = false } = options;
    const { root, staging, survey } = places;
    const sizeOf = wantedSizes(entries, survey);
    const syncAll = await root.files.syncAll();
    const tree = new StagedTree(staging, { entries, preserve, syncAll });
    try {
      const offer = { entries, sizeOf, chunkBytes, hasher };
      const before = await takeUp(staging, tree, offer);
      const needed = bytesNeeded(entries, survey, before.held);
      // Holes take no room; where the file system has none, it will say so.
      await requireSpace(root, Math.min(needed, options.storedBytes ?? needed));
      const head = async () => ({ chunkBytes, keys: await entryKeys(entries, hasher) });
      const file = new JournalFile(staging, { head, before: before.held.runs, hasher });
      const older = await OlderFiles.read(root, survey.existing, {
        entries,
        chunkBytes,
        hasher,
        delta: options.delta ?? false,
        topName: placeOf(options.target).name,
      });
      if (before.hasJournal) await file.begin();
      const anchor = anchorOf(places);
      const gate = new Gate();
      const checkpoints = new Checkpoints({
        file,
        chunkBytes,
        beginSync: async () => {
          await anchor();
          return await gate.alone(() => tree.beginSync());
        },
        ...(options.checkpointBytes !== undefined && { maxBytes: options.checkpointBytes }),
      });
      return new TreeSink(options, {
        places,
        tree,
        before,
        checkpoints,
        anchor,
        gate,
        older,
      });
    } catch (error) {
      await tree.close();
      throw error;
    }
  }

  async write(
    entry: number,
    offset: number,
    buffers: readonly Uint8Array[],
    sums: readonly bigint[],
  ): Promise<void> {
    await asFileError('target', async () => {
      await this.#gate.shared(async () => {
        const [first] = buffers;
        const { kind, size } = this.#options.entries.at(entry) as Entry;
        const isWhole = kind === 'file' && first?.length === size;
        if (isWhole) await this.#tree.writeWhole(entry, first);
        else await this.#tree.write(entry, offset, buffers);
        const isLast = this.#countDown(entry, sums.length) === 0;
        if (isLast && !isWhole) await this.#tree.finish(entry);
      });
      const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
      await this.#checkpoints.note({ entry, offset, length, sums });
    });
  }

  async copy(write: ChunkWrite): Promise<void> {
    await asFileError('target', async () => {
      const { entry, offset, sum } = write;
      const bytes = await this.#older.take(write);
      if (bytes === undefined) this.#countDown(entry, 1);
      else await this.write(entry, offset, [bytes], [sum]);
    });
  }

  async settle(omitted: readonly number[]): Promise<number> {
    const leftOut = new Set([...this.#places.survey.skipped, ...omitted]);
    const omittedLinks = await this.#alone(async () => {
      for (const entry of omitted) await this.#tree.remove(entry);
      await this.#writeUnwritten(leftOut);
      await this.#finishRest(leftOut);
      await this.#anchor();
      const { merged } = this.#places.survey;
      return await this.#tree.settle((entry) => {
        // A folder that is there already need not be made to merge nothing with it.
        const isThere = merged.has(entry) && !this.#tree.isMade(entry);
        return isThere || leftOut.has(entry) || this.#older.isUnchanged(entry);
      });
    });
    await asFileError('target', () => this.#checkpoints.stop());
    return omittedLinks;
  }

  async publish(): Promise<Published[]> {
    return await asFileError('target', async () => {
      await this.#tree.close();
      const { root, staging } = this.#places;
      await root.requireSame();
      const published = await publishStaged(this.#options, root, staging);
      this.#ended = true;
      await root.close();
      return published;
    });
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    await this.#end();
    await this.#places.staging.close();
    await this.#places.root.close();
  }

  async discard(): Promise<void> {
    if (this.#ended) return;
    await this.#end();
    const { root, staging } = this.#places;
    try {
      await removeStaging(root, this.#options.id, staging);
    } finally {
      await root.close();
    }
  }

  /** A file that has changed in one place needs its old parts as well. */
  async #writeUnwritten(leftOut: ReadonlySet<number>): Promise<void> {
    for (const [entry, writes] of this.#older.unwritten()) {
      if (leftOut.has(entry)) continue;
      for (const write of writes) {
        await this.#tree.write(entry, write.offset, [await this.#older.assemble(write)]);
      }
      await this.#tree.finish(entry);
    }
  }

  /** Of empty files nothing has come; and whose last chunk came earlier may have died before this. */
  async #finishRest(leftOut: ReadonlySet<number>): Promise<void> {
    for (const [index, { kind, size }] of this.#options.entries.entries()) {
      if (leftOut.has(index) || (kind !== 'file' && kind !== 'stream')) continue;
      if (this.#before.isFinished(index)) continue;
      const isHeld = this.#before.held.countOf(index) > 0 && !this.#missing.has(index);
      if (kind === 'file' && size === 0) await this.#tree.writeWhole(index, NOTHING);
      else if (size === 0 || isHeld) await this.#tree.finish(index);
    }
  }

  async #end(): Promise<void> {
    this.#ended = true;
    await this.#checkpoints.close().catch(() => undefined);
    await this.#gate.alone(() => this.#tree.close());
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    return await asFileError('target', () => this.#gate.alone(work));
  }

  #countDown(entry: number, chunks: number): number {
    const { size, kind } = this.#options.entries.at(entry) as Entry;
    // Where a stream ends is known when everything is here.
    if (kind === 'stream') return Number.POSITIVE_INFINITY;
    const all = chunkCount(size, this.#options.chunkBytes) - this.#before.held.countOf(entry);
    const missing = (this.#missing.get(entry) ?? all) - chunks;
    if (missing < 0) throw new Error('unreachable: more chunks than the entry has');
    if (missing === 0) this.#missing.delete(entry);
    else this.#missing.set(entry, missing);
    return missing;
  }
}

const NOTHING = new Uint8Array(0);

/** Makes sure, once, that the staging folder is still there after a power loss. */
function anchorOf({ root, staging }: Places): () => Promise<void> {
  let isAnchored = false;
  return async () => {
    if (isAnchored) return;
    await staging.sync();
    await root.sync();
    isAnchored = true;
  };
}
