import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { CertificateFiles } from '../client/api/options.ts';
import type { Certificate } from '../io/network/http-entrance.ts';
import { P2PShareError } from '../protocol/errors.ts';

/** Reads a certificate and its key, and sees that they belong together. Throws `P2P_USAGE`. */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  try {
    const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)]);
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (cause) {
    // OpenSSL says what is wrong in words of its own, which --verbose shows.
    const message = `not a certificate and its key: ${files.cert}, ${files.key}`;
    throw new P2PShareError('P2P_USAGE', message, { cause });
  }
}
