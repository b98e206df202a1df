import type { Hasher } from '../../protocol/ports.ts';
import { errnoOf } from '../files/file-errors.ts';
import type { FileRoot } from '../files/file-root.ts';
import type { OpenFile } from '../files/file-system.ts';
import {
  encodeHead,
  encodeRecord,
  type HeldRun,
  type JournalHead,
  MAX_JOURNAL_BYTES,
  type ReadJournal,
  readJournal,
} from './journal.ts';
import { JOURNAL, unlessGone } from './staging-folder.ts';

/** Reads the journal of a staging folder; `undefined` when there is none that can be believed. */
export async function loadJournal(
  staging: FileRoot,
  hasher: Hasher,
): Promise<ReadJournal | undefined> {
  const { files } = staging;
  let file: OpenFile;
  try {
    file = await files.openFile(staging.at(JOURNAL));
  } catch (error) {
    // A link or a folder in its place is nothing that we have made.
    if (['ENOENT', 'ELOOP', 'EISDIR', 'EMLINK'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
  try {
    // Whose it is has been seen by the folder that it is in.
    const { kind, size } = await file.stat();
    if (kind !== 'file' || size > MAX_JOURNAL_BYTES) return undefined;
    const bytes = new Uint8Array(size);
    return readJournal(bytes.subarray(0, await file.read(bytes, 0)), hasher);
  } finally {
    await file.close();
  }
}

/**
 * The journal of a transfer while it runs. It comes into being with the first record, so that what
 * takes no longer than a moment has none.
 */
export class JournalFile {
  readonly #staging: FileRoot;
  readonly #hasher: Hasher;
  readonly #head: () => Promise<JournalHead>;
  readonly #before: Iterable<HeldRun>;
  #file: OpenFile | undefined;
  #length = 0;

  /**
   * `head`: called when there is something to note. `before`: what is held from earlier, which goes into
   * the new journal.
   */
  constructor(
    staging: FileRoot,
    parts: {
      readonly head: () => Promise<JournalHead>;
      readonly before: Iterable<HeldRun>;
      readonly hasher: Hasher;
    },
  ) {
    this.#staging = staging;
    this.#head = parts.head;
    this.#before = parts.before;
    this.#hasher = parts.hasher;
  }

  /** Replaces an older journal, whose records may be about another offer. Durable when it resolves. */
  async begin(): Promise<void> {
    const { files } = this.#staging;
    const draft = this.#staging.at(`${JOURNAL}.new`);
    await files.unlink(draft).catch(unlessGone);
    const file = await files.createFile(draft, 0o600);
    this.#file = file;
    await this.#write(encodeHead(await this.#head(), this.#hasher));
    for (const runs of inGroups(this.#before)) await this.#write(encodeRecord(runs, this.#hasher));
    await file.sync();
    await files.rename(draft, this.#staging.at(JOURNAL));
    await this.#staging.sync();
  }

  /** Notes chunks that are durable already; so is the note when it resolves. */
  async append(runs: readonly HeldRun[]): Promise<void> {
    if (this.#file === undefined) await this.begin();
    await this.#write(encodeRecord(runs, this.#hasher));
    await this.#file?.datasync();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const written = await this.#file?.writev([bytes.subarray(done)], this.#length + done);
      done += written ?? 0;
    }
    this.#length += bytes.length;
  }
}

/** Of a million files the runs of all would take a hundred times what is written of them. */
const GROUP_RUNS = 4096;

function* inGroups(runs: Iterable<HeldRun>): Generator<readonly HeldRun[]> {
  let group: HeldRun[] = [];
  for (const run of runs) {
    group.push(run);
    if (group.length < GROUP_RUNS) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
