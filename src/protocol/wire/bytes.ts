/** A string that is equal for equal bytes; for `Map` keys. */
export function bytesKey(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Whether two public values are equal. Secrets are compared by `Crypto.equal`. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
