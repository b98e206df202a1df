// What a bench works with: programs and a folder that are gone when it ends, however it ends.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Program } from './program.mjs';

export class Workshop {
  folder;
  #programs = [];
  #cleanUps = [];

  static async open(dir) {
    const workshop = new Workshop();
    workshop.folder = await mkdtemp(join(dir, 'p2pshare-bench-'));
    return workshop;
  }

  /** Starts a program; see `Program`. What it keeps of unfinished transfers goes with the workshop. */
  start(args, options = {}) {
    const env = { XDG_STATE_HOME: this.path('state'), ...options.env };
    const program = new Program(args, { ...options, env });
    this.#programs.push(program);
    return program;
  }

  /** Has `action` done before the end, the last one first. */
  atEnd(action) {
    this.#cleanUps.push(action);
  }

  path(name) {
    return join(this.folder, name);
  }

  /** A file of random bytes, made once. */
  async file(bytes) {
    return await this.#made(`source-${bytes}.bin`, bytes, () => randomBytes(2 ** 20));
  }

  /** A file of what is in our own sources and documents, over and over, made once. */
  async text(bytes) {
    const text = await ownText();
    return await this.#made(`text-${bytes}.txt`, bytes, () => text);
  }

  /** A folder of copies of our own sources and documents, made once; yields its path and its bytes. */
  async tree(bytes) {
    const path = this.path('tree');
    const files = await ownFiles();
    const once = files.reduce((sum, { content }) => sum + content.length, 0);
    const copies = Math.max(1, Math.round(bytes / once));
    for (let copy = 0; copy < copies; copy += 1) {
      const root = join(path, String(copy));
      if (existsSync(root)) continue;
      for (const { name, content } of files) {
        await mkdir(dirname(join(root, name)), { recursive: true });
        await writeFile(join(root, name), content);
      }
    }
    return { path, bytes: copies * once };
  }

  /** A file of so many bytes of pieces, unless it is there. */
  async #made(name, bytes, next) {
    const path = this.path(name);
    const file = await open(path, 'wx').catch(() => undefined);
    if (file === undefined) return path;
    for (let left = bytes; left > 0; ) {
      const { bytesWritten } = await file.write(next().subarray(0, left));
      left -= bytesWritten;
    }
    // Else the disk would still be busy with it in the first rounds.
    await file.sync();
    await file.close();
    return path;
  }

  async endPrograms() {
    await Promise.all(this.#programs.splice(0).map((program) => program.end()));
  }

  async close() {
    await this.endPrograms();
    for (const action of this.#cleanUps.splice(0).reverse()) action();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function ownText() {
  return Buffer.concat((await ownFiles()).map(({ content }) => content));
}

/** Our own sources and documents, in the order of their names. */
async function ownFiles() {
  const root = join(import.meta.dirname, '..');
  const files = [];
  for (const folder of ['src', 'docs', 'test']) {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
    const paths = entries.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name));
    for (const path of paths.sort()) {
      files.push({ name: relative(root, path), content: await readFile(path) });
    }
  }
  return files;
}

export async function sha256(path) {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest('hex');
}

/** Has the system put a file on the disk, as ours and the yardstick do by themselves. */
export async function makeDurable(path) {
  const file = await open(path, 'r+');
  await file.sync();
  await file.close();
}

/**
 * Uses as much memory as a file of `bytes` takes, and lets go of it. A virtual machine hands freed
 * memory back to its host after two seconds, and getting it again is slower than all that is measured
 * here: so whoever begins now finds it there. See docs/performance.md.
 */
export async function warmMemory(folder, bytes) {
  const path = join(folder, 'warm.bin');
  const file = await open(path, 'w');
  const piece = Buffer.alloc(2 ** 20);
  for (let left = bytes; left > 0; left -= piece.length) await file.write(piece);
  await file.close();
  await rm(path);
}

/** Seconds of processor time of a program that runs. */
export async function cpuSecondsOf({ pid }) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}
