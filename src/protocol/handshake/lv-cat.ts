/**
 * Concatenation in which every piece is preceded by its length, so that no two lists of pieces
 * give the same bytes: `lv_cat` of draft-irtf-cfrg-cpace-21. Text is written as UTF-8.
 */
export function lvCat(...pieces: readonly (Uint8Array | string)[]): Uint8Array {
  const parts = pieces.flatMap((piece) => {
    const bytes = typeof piece === 'string' ? utf8.encode(piece) : piece;
    return [leb128(bytes.length), bytes];
  });
  return concat(parts);
}

/** The pieces one after the other, in memory of their own. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.length;
  }
  return all;
}

const utf8 = new TextEncoder();

// The draft's `prepend_len`: seven bits a byte, least significant first, the top bit says "more".
function leb128(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
