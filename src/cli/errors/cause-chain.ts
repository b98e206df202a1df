/** More than any chain of ours has. */
const MAX_LENGTH = 8;

/** An error, what caused it, and so on. */
export function causeChain(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let cause = error; cause instanceof Error && chain.length < MAX_LENGTH; ) {
    chain.push(cause);
    cause = cause.cause;
  }
  return chain;
}
