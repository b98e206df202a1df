import type { FileStat } from '../../src/io/files/file-system.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface File {
  readonly kind: 'file';
  readonly ino: bigint;
  bytes: Uint8Array;
  mode: number;
  mtime: number;
  /** What is certainly on the disk. */
  durable: Uint8Array;
}

export interface Folder {
  readonly kind: 'folder';
  readonly ino: bigint;
  names: Map<string, Node>;
  durable: Map<string, Node>;
}

export interface Link {
  readonly kind: 'link';
  readonly ino: bigint;
  readonly target: string;
}

export type Node = File | Folder | Link;

/** Bytes that reach the disk together or not at all. */
const SECTOR_BYTES = 512;
/** Of each sector, keeps what was written or what is certainly on the disk. */
export function loseSectors(file: File, random: SeededRandom): void {
  const length = random.chance(0.5) ? file.bytes.length : file.durable.length;
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += SECTOR_BYTES) {
    const from = random.chance(0.5) ? file.bytes : file.durable;
    bytes.set(from.subarray(at, Math.min(at + SECTOR_BYTES, length)), at);
  }
  file.bytes = bytes;
  file.durable = bytes.slice();
}

/** Of each name, keeps what it means or what it certainly means on the disk. */
export function loseNames(folder: Folder, random: SeededRandom): void {
  const names = new Map<string, Node>();
  for (const name of new Set([...folder.names.keys(), ...folder.durable.keys()])) {
    const node = (random.chance(0.5) ? folder.names : folder.durable).get(name);
    if (node !== undefined) names.set(name, node);
  }
  folder.names = names;
  folder.durable = new Map(names);
}

/** What a file system has not that keeps no permissions, or no links: FAT, exFAT, NTFS, network drives. */
export interface Lacks {
  /** The mode that everything seems to have. */
  readonly mode?: number;
  /** Whether everything seems to belong to somebody else. */
  readonly owners?: boolean;
  /** Calls that it knows nothing of, and what it says to them. */
  readonly calls?: Readonly<Record<string, string>>;
}

export function statOf(node: Node, { mode, owners = false }: Lacks): FileStat {
  return {
    dev: 1n,
    ino: node.ino,
    kind: node.kind,
    size: node.kind === 'file' ? node.bytes.length : 0,
    mode: mode ?? (node.kind === 'folder' ? 0o700 : 0o600),
    mtimeMs: 0,
    isOwn: !owners,
  };
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
