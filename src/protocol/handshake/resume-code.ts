import type { Crypto } from '../ports.ts';
import type { Code } from './code.ts';
import { lvCat } from './lv-cat.ts';

/**
 * Which sender is looked for: one that was started again, or one whose process has run on. So two
 * that both run on, and only lost each other for a while, never meet a second time. One that runs on
 * has two places: at the one where it was met last it still waits for that receiver to be heard
 * again, and to a server one owner is at one place.
 */
export type SenderPast = 'restarted' | 'running' | 'running again';

/** Where and with which secret two sides meet again after one of them died. */
export interface Reunion {
  /** Stands in for the code: a derived nameplate and 256 bits, so nobody can guess it. */
  readonly code: Code;
  /** 16 bytes by which a server knows the sender again, whichever process of it comes. */
  readonly ownerSecret: Uint8Array;
}

/** Derives both from the resume secret of the session before (32 bytes). */
export function reunion(
  crypto: Pick<Crypto, 'hkdf'>,
  resumeSecret: Uint8Array,
  sender: SenderPast,
): Reunion {
  const derive = (label: string, length: number): Uint8Array =>
    crypto.hkdf(resumeSecret, new Uint8Array(0), lvCat('p2pshare/1', label), length);
  const id = derive(`reunion id ${sender}`, 4);
  const words = [hexOf(derive(`reunion password ${sender}`, 32))];
  const ownerSecret = derive(`reunion owner ${sender}`, 16);
  return { code: { nameplate: derivedNameplate(id), words }, ownerSecret };
}

/** From 2^31 up: no code that people type has such a number (docs/protocol-rendezvous.md). */
function derivedNameplate(id: Uint8Array): number {
  return (new DataView(id.buffer, id.byteOffset).getUint32(0) | 0x8000_0000) >>> 0;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
