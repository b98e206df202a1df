import type { BlockCipher } from '../protocol/ports.ts';
import { BLOCK_BYTES, mustBeBlocks } from './block-cipher.ts';
import {
  Direction,
  type Handle,
  must,
  mustBeLong,
  newContext,
  type OpenSslCalls,
  written,
} from './openssl-calls.ts';

const KEY_BYTES = 16;

/** AES-128 on single blocks, as `createBlockCipher` makes it, in memory that is used again. */
export class OpenSslBlockCipher implements BlockCipher {
  readonly #calls: OpenSslCalls;
  readonly #context: Handle;
  #encrypted = new Uint8Array(BLOCK_BYTES);

  constructor(calls: OpenSslCalls, key: Uint8Array) {
    mustBeLong(key, KEY_BYTES);
    this.#calls = calls;
    this.#context = newContext(calls, this);
    const cipher = calls.EVP_aes_128_ecb();
    must(calls.EVP_CipherInit_ex(this.#context, cipher, null, key, null, Direction.seal));
    must(calls.EVP_CIPHER_CTX_set_padding(this.#context, 0));
  }

  encrypt(blocks: Uint8Array): Uint8Array {
    const { length } = blocks;
    mustBeBlocks(blocks);
    if (length > this.#encrypted.length) this.#encrypted = new Uint8Array(length);
    if (length === 0) return blocks;
    must(this.#calls.EVP_CipherUpdate(this.#context, this.#encrypted, written, blocks, length));
    return this.#encrypted.subarray(0, length);
  }
}
