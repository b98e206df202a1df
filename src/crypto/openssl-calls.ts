import { ownedBy } from './native.ts';

/** An address in the library, opaque to us. */
export type Handle = object;

/** The EVP interface of OpenSSL 1.1.0 and later (EVP_EncryptInit(3)). Calls that fail yield 0. */
export interface OpenSslCalls {
  EVP_aes_128_ecb(): Handle;
  EVP_aes_256_gcm(): Handle;
  /** Not there where OpenSSL is built without OCB. */
  readonly EVP_aes_256_ocb: (() => Handle) | undefined;
  EVP_chacha20_poly1305(): Handle;
  EVP_CIPHER_CTX_new(): Handle | null;
  EVP_CIPHER_CTX_free(context: Handle): void;
  EVP_CIPHER_CTX_set_padding(context: Handle, pads: number): number;
  EVP_CIPHER_CTX_ctrl(context: Handle, command: number, length: number, at: Uint8Array): number;
  EVP_CipherInit_ex(
    context: Handle,
    cipher: Handle | null,
    engine: null,
    key: Uint8Array | null,
    nonce: Uint8Array | null,
    direction: number,
  ): number;
  EVP_CipherUpdate(
    context: Handle,
    into: Uint8Array | null,
    written: Int32Array,
    from: Uint8Array,
    length: number,
  ): number;
  EVP_CipherFinal_ex(context: Handle, into: Uint8Array, written: Int32Array): number;
}

/** What a context does, and that it goes on doing it. */
export const Direction = { seal: 1, open: 0, keep: -1 } as const;

/** Fails where there is no koffi, or no OpenSSL to be seen in this process. */
export async function openSslCalls(): Promise<OpenSslCalls> {
  const { default: koffi } = await import('koffi');
  const library = koffi.load(null);
  return {
    EVP_aes_128_ecb: library.func('void *EVP_aes_128_ecb()'),
    EVP_aes_256_gcm: library.func('void *EVP_aes_256_gcm()'),
    EVP_aes_256_ocb: ifThere(() => library.func('void *EVP_aes_256_ocb()')),
    EVP_chacha20_poly1305: library.func('void *EVP_chacha20_poly1305()'),
    EVP_CIPHER_CTX_new: library.func('void *EVP_CIPHER_CTX_new()'),
    EVP_CIPHER_CTX_free: library.func('void EVP_CIPHER_CTX_free(void *context)'),
    EVP_CIPHER_CTX_set_padding: library.func(
      'int EVP_CIPHER_CTX_set_padding(void *context, int pads)',
    ),
    EVP_CIPHER_CTX_ctrl: library.func(
      'int EVP_CIPHER_CTX_ctrl(void *context, int command, int length, void *at)',
    ),
    EVP_CipherInit_ex: library.func(
      'int EVP_CipherInit_ex(void *context, void *cipher, void *engine, void *key, void *nonce, int direction)',
    ),
    EVP_CipherUpdate: library.func(
      'int EVP_CipherUpdate(void *context, void *into, void *written, void *from, int length)',
    ),
    EVP_CipherFinal_ex: library.func(
      'int EVP_CipherFinal_ex(void *context, void *into, void *written)',
    ),
  };
}

/** A call of the library; `undefined` where it has none of that name. */
function ifThere<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}

/** A new context. It holds a key, which the library wipes when nobody has `owner` any more. */
export function newContext(calls: OpenSslCalls, owner: object): Handle {
  return ownedBy(owner, calls.EVP_CIPHER_CTX_new(), (context) => {
    calls.EVP_CIPHER_CTX_free(context);
  });
}

/** The library takes the length of keys and nonces for granted. */
export function mustBeLong({ length }: Uint8Array, wanted: number): void {
  if (length !== wanted) throw new Error(`unreachable: ${length} bytes instead of ${wanted}`);
}

export function must(result: number): void {
  if (result !== 1) throw new Error('unreachable: OpenSSL refused a call that it takes');
}

/** What the library writes beside the text: nothing is read from it. */
export const written = new Int32Array(1);
