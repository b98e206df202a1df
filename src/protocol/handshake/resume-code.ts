import type { Crypto } from '../ports.ts';
import type { Code } from './code.ts';
import { lvCat } from './lv-cat.ts';

/** Where and with which secret two sides meet again after one of them died. */
export interface Reunion {
  /** 16 bytes that name the meeting to the server and say nothing about the secret. */
  readonly id: Uint8Array;
  /** Stands in for the code in the handshake: 256 bits, so nobody can guess it. */
  readonly code: Code;
}

/** Derives both from the resume secret of the session before (32 bytes). */
export function reunion(crypto: Pick<Crypto, 'hkdf'>, resumeSecret: Uint8Array): Reunion {
  const derive = (label: string, length: number): Uint8Array =>
    crypto.hkdf(resumeSecret, new Uint8Array(0), lvCat('p2pshare/1', label), length);
  const password = derive('reunion password', 32);
  const words = [Array.from(password, (byte) => byte.toString(16).padStart(2, '0')).join('')];
  return { id: derive('reunion id', 16), code: { nameplate: 0, words } };
}
