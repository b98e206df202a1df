import { sameBytes } from '../../wire/bytes.ts';
import { fromUtf8 } from '../../wire/utf8.ts';
import { TRANSFER_LIMITS } from '../limits.ts';
import type { Violation } from '../violation.ts';
import { type EntryName, parseEntryName } from './entry-name.ts';

/**
 * Reads the paths of one page, whose memory stays what it is meanwhile. Entries of one folder follow each
 * other: what a path shares with the one before is judged, and kept, once.
 */
export class PathReader {
  #bytes: readonly Uint8Array[] = [];
  #names: readonly EntryName[] = [];

  read(components: readonly Uint8Array[]): readonly EntryName[] | Violation {
    const path: EntryName[] = [];
    let bytes = components.length - 1;
    for (const component of components) {
      bytes += component.length;
      const name = this.#known(path.length, component) ?? parseComponent(component);
      if (typeof name !== 'string') return name;
      path.push(name);
    }
    if (bytes > TRANSFER_LIMITS.pathBytes) return refused('path too long');
    this.#bytes = components;
    this.#names = path;
    return path;
  }

  #known(depth: number, component: Uint8Array): EntryName | undefined {
    const before = this.#bytes[depth];
    return before !== undefined && sameBytes(before, component) ? this.#names[depth] : undefined;
  }
}

function parseComponent(bytes: Uint8Array): EntryName | Violation {
  const text = fromUtf8(bytes);
  if (text === undefined) return refused('name is not UTF-8');
  const name = parseEntryName(text);
  return typeof name === 'string' ? name : refused(`name refused: ${name.refused}`);
}

function refused(detail: string): Violation {
  return { code: 'P2P_NAME_REFUSED', detail };
}
