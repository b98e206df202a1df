import type { PakeInput } from '../ports.ts';
import { type Code, codePassword } from './code.ts';
import { concat, lvCat } from './lv-cat.ts';

/** The inputs of CPace (draft-irtf-cfrg-cpace-21) for one claim on one code. */
export function pakeInput(
  code: Code,
  receiverNonce: Uint8Array,
  senderNonce: Uint8Array,
): PakeInput {
  return {
    prs: codePassword(code),
    ci: lvCat('p2pshare', Uint8Array.of(1), String(code.nameplate), 'receiver', 'sender'),
    sid: concat([receiverNonce, senderNonce]),
  };
}
