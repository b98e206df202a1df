import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate that signs itself for `localhost` and 127.0.0.1 until 2120, and its key: files. */
export const certificateFiles = {
  cert: join(import.meta.dirname, 'localhost-cert.pem'),
  key: join(import.meta.dirname, 'localhost-key.pem'),
} as const;

export const certificate = {
  cert: readFileSync(certificateFiles.cert),
  key: readFileSync(certificateFiles.key),
} as const;
