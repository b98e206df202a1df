/** A string that is equal for equal bytes; for `Map` keys. */
export function bytesKey(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
