import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Crypto, Random } from '../protocol/ports.ts';
import { createAead } from './aead.ts';
import { createBlockCipher } from './block-cipher.ts';
import { createPake } from './cpace.ts';
import type { OpenSsl } from './openssl.ts';
import { systemRandom } from './random.ts';

/**
 * The cryptography of the protocol on `node:crypto`. `random` picks the scalars of the PAKE; `native`
 * does instead what is done for every packet.
 */
export function createCrypto(random: Random = systemRandom, native?: OpenSsl): Crypto {
  return {
    aead: native?.aead ?? createAead,
    blockCipher: native?.blockCipher ?? createBlockCipher,
    hmac: (key, data) => createHmac('sha256', key).update(data).digest(),
    sha256: (data) => createHash('sha256').update(data).digest(),
    hkdf: (secret, salt, info, length) =>
      new Uint8Array(hkdfSync('sha256', secret, salt, info, length)),
    equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
    pake: createPake(random),
  };
}
