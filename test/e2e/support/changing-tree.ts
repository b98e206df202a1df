import { createHash } from 'node:crypto';
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { SeededRandom } from '../../support/seeded-random.ts';

const FOLDERS = 6;
const FILES_PER_FOLDER = 12;
const LARGEST_SMALL = 9000;
const LARGEST = 1_500_000;
/** Between two changes, at most. */
const PAUSE_MS = 60;

/** A tree of files that change while they are sent, and all that each of them has ever been. */
export class ChangingTree {
  readonly #root: string;
  readonly #random: SeededRandom;
  readonly #versions = new Map<string, Set<string>>();

  private constructor(random: SeededRandom, root: string) {
    this.#random = random;
    this.#root = root;
  }

  static async plant(random: SeededRandom, root: string): Promise<ChangingTree> {
    const tree = new ChangingTree(random, root);
    for (let folder = 0; folder < FOLDERS; folder += 1) {
      await mkdir(join(root, `d${folder}`), { recursive: true });
      for (let file = 0; file < FILES_PER_FOLDER; file += 1) {
        const name = `d${folder}/f${file}`;
        tree.#versions.set(name, new Set());
        await writeFile(join(root, name), tree.#newVersion(name, tree.#content()));
      }
    }
    return tree;
  }

  /** Changes one file after another, until `signal` says stop. */
  async change(signal: AbortSignal): Promise<void> {
    const names = [...this.#versions.keys()];
    while (!signal.aborted) {
      const name = names[this.#random.integer(names.length)] as string;
      // It may be gone, or a folder by now.
      await this.#changeOne(name, join(this.#root, name)).catch(() => undefined);
      await setTimeout(this.#random.uniform() * PAUSE_MS);
    }
  }

  /** The files in a folder that are nothing that they have ever been here. */
  async strangers(folder: string): Promise<string[]> {
    const found = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = found.filter((each) => each.isFile());
    const paths = files.map((each) => join(each.parentPath, each.name));
    const isKnown = async (path: string) =>
      this.#versions.get(path.slice(folder.length + 1))?.has(sumOf(await readFile(path))) === true;
    const known = await Promise.all(paths.map(isKnown));
    return paths.filter((_, index) => !known[index]);
  }

  async #changeOne(name: string, path: string): Promise<void> {
    switch (this.#random.integer(6)) {
      case 0:
        await rm(path);
        break;
      case 1:
        await this.#replace(path, this.#newVersion(name, this.#content()));
        break;
      case 2: {
        const more = this.#random.bytes(100);
        this.#newVersion(name, Buffer.concat([await readFile(path), more]));
        await appendFile(path, more);
        break;
      }
      case 3: {
        const before = await readFile(path);
        const half = Math.floor(before.length / 2);
        this.#newVersion(name, before.subarray(0, half));
        await truncate(path, half);
        break;
      }
      case 4:
        await this.#forge(name, path);
        break;
      default:
        await rm(path);
        await mkdir(path);
    }
  }

  /** Another last byte, and all that tells of it put back but for the time of the change itself. */
  async #forge(name: string, path: string): Promise<void> {
    const bytes = await readFile(path);
    const last = bytes.length - 1;
    if (last < 0) return;
    bytes[last] = (bytes[last] as number) ^ 1;
    await this.#replace(path, this.#newVersion(name, bytes), await stat(path));
  }

  async #replace(
    path: string,
    bytes: Uint8Array,
    times?: { readonly atime: Date; readonly mtime: Date },
  ): Promise<void> {
    const draft = join(dirname(this.#root), 'draft');
    await writeFile(draft, bytes);
    if (times !== undefined) await utimes(draft, times.atime, times.mtime);
    await rename(draft, path);
  }

  #content(): Uint8Array {
    if (this.#random.chance(0.2)) return new Uint8Array(0);
    const most = this.#random.chance(0.5) ? LARGEST_SMALL : LARGEST;
    return this.#random.bytes(1 + this.#random.integer(most));
  }

  /** Noted before it is on the disk: whoever reads it then reads something known. */
  #newVersion(name: string, bytes: Uint8Array): Uint8Array {
    this.#versions.get(name)?.add(sumOf(bytes));
    return bytes;
  }
}

function sumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
