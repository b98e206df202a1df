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

/** How often it is looked for a renewed certificate: those who renew do so days before the old one ends. */
const LOOK_MS = 60_000;
/** Looks in a row that find none before that is told: they may come between the writing of the two files. */
const UNREADABLE_LOOKS = 2;

/** Told what has become of the files of a certificate. */
export interface CertificateListener {
  /** They hold another one. */
  onRenewed(certificate: Certificate): void;
  /** They hold none; told once, until they hold one again. */
  onUnreadable(): void;
}

/** Looks now and then whether the files hold another certificate than `current`. Yields what ends that. */
export function followCertificate(
  files: CertificateFiles,
  current: Certificate,
  listener: CertificateListener,
  lookMs: number = LOOK_MS,
): () => void {
  let shown = current;
  let failures = 0;
  let isOver = false;
  const look = async (): Promise<void> => {
    const found = await readCertificate(files).catch(() => undefined);
    if (isOver) return;
    failures = found === undefined ? failures + 1 : 0;
    if (failures === UNREADABLE_LOOKS) listener.onUnreadable();
    if (found === undefined || isSame(found, shown)) return;
    shown = found;
    listener.onRenewed(found);
  };
  const timer = setInterval(() => void look(), lookMs);
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

function isSame(a: Certificate, b: Certificate): boolean {
  return String(a.cert) === String(b.cert) && String(a.key) === String(b.key);
}
