/**
 * The plaintext of the sealed box of a sender of several: it names no candidates, but says that the
 * session is to be had under the code of the reunion. More than 16 candidates are none.
 */
export const ELSEWHERE_BOX: Uint8Array = Uint8Array.of(0xff);

/** Whether a sender's box says so. What follows the first byte is left alone. */
export function isElsewhere(box: Uint8Array): boolean {
  return box[0] === ELSEWHERE_BOX[0];
}
