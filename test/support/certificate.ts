import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate that signs itself until 2120 for `localhost`, 127.0.0.1 and the server of the lab. */
export const certificateFiles = {
  cert: join(import.meta.dirname, 'localhost-cert.pem'),
  key: join(import.meta.dirname, 'localhost-key.pem'),
} as const;

export const certificate = {
  cert: readFileSync(certificateFiles.cert),
  key: readFileSync(certificateFiles.key),
} as const;

/** Another one for the same names but the lab's, as after a renewal. */
export const renewedFiles = {
  cert: join(import.meta.dirname, 'localhost-renewed-cert.pem'),
  key: join(import.meta.dirname, 'localhost-renewed-key.pem'),
} as const;
