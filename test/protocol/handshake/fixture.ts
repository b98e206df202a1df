import { createHash } from 'node:crypto';
import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import type { Code } from '../../../src/protocol/handshake/code.ts';
import {
  ReceiverHandshake,
  type ReceiverHandshakeEvent,
} from '../../../src/protocol/handshake/receiver-handshake.ts';
import {
  SenderHandshake,
  type SenderHandshakeEvent,
} from '../../../src/protocol/handshake/sender-handshake.ts';
import { CipherSuite, type Random } from '../../../src/protocol/ports.ts';
import { instant } from '../../../src/protocol/time.ts';

export const start = instant(1_000);
export const code: Code = { nameplate: 48_213, words: ['acorn', 'velvet', 'walnut'] };
export const wrongCode: Code = { nameplate: 48_213, words: ['acorn', 'velvet', 'walrus'] };
export const suites: readonly CipherSuite[] = [CipherSuite.aes256Gcm, CipherSuite.chacha20Poly1305];

/** Different bytes for every seed, the same ones in every run: SHA-256 of seed and counter. */
export function seededRandom(seed: string): Random {
  let counter = 0;
  const block = (): Buffer => createHash('sha256').update(`${seed} ${counter++}`).digest();
  return {
    bytes: (length) => {
      const blocks = Array.from({ length: Math.ceil(length / 32) }, block);
      return Uint8Array.from(Buffer.concat(blocks).subarray(0, length));
    },
    integer: (below) => Number(block().readUIntBE(0, 6)) % below,
  };
}

export function sender(seed = 'sender', preference = suites, armed: Code = code): SenderHandshake {
  const random = seededRandom(seed);
  const handshake = new SenderHandshake({
    crypto: createCrypto(random),
    random,
    suites: preference,
    box: () => Buffer.from('box of the sender'),
  });
  handshake.arm(armed);
  return handshake;
}

export function receiver(
  hello: Uint8Array,
  options: { seed?: string; code?: Code; suites?: readonly CipherSuite[] } = {},
): Party {
  const { seed = 'receiver' } = options;
  const random = seededRandom(seed);
  const claimId = seededRandom(`claim of ${seed}`).bytes(16);
  const handshake = new ReceiverHandshake({
    crypto: createCrypto(random),
    random,
    suites: options.suites ?? suites,
    code: options.code ?? code,
    hello,
    claimId,
    box: () => Buffer.from('box of the receiver'),
  });
  return { handshake, claimId };
}

export interface Party {
  readonly handshake: ReceiverHandshake;
  readonly claimId: Uint8Array;
}

/** Posts what the receiver has to say now and yields the sender's answer. */
export function post(to: SenderHandshake, from: Party, now = start): Uint8Array | undefined {
  return to.handleMessage(from.claimId, from.handshake.message, now);
}

/** Posts, and hands the answer to the receiver. */
export function exchange(to: SenderHandshake, from: Party, now = start): void {
  const answer = post(to, from, now);
  if (answer !== undefined) from.handshake.handleMessage(answer, now);
}

export function senderEvents(handshake: SenderHandshake): SenderHandshakeEvent[] {
  return drain(() => handshake.pollEvent());
}

export function receiverEvents(handshake: ReceiverHandshake): ReceiverHandshakeEvent[] {
  return drain(() => handshake.pollEvent());
}

export function established<Event extends { readonly kind: string }>(
  events: readonly Event[],
): Extract<Event, { kind: 'established' }> | undefined {
  return events.find(
    (event): event is Extract<Event, { kind: 'established' }> => event.kind === 'established',
  );
}

export function flipped(bytes: Uint8Array, index: number, bits = 1): Uint8Array {
  return bytes.map((byte, i) => (i === index ? byte ^ bits : byte));
}

export function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

function drain<Event>(poll: () => Event | undefined): Event[] {
  const events: Event[] = [];
  for (let event = poll(); event !== undefined; event = poll()) events.push(event);
  return events;
}
