import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../protocol/ports.ts';

/** The randomness of the operating system, through OpenSSL's generator. */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  integer: (below) => randomInt(below),
};
