import { describe, expect, it } from 'vitest';
import { MessageKind } from '../../src/protocol/handshake/message.ts';
import { MessageType } from '../../src/protocol/rendezvous/message.ts';
import { decodeReply } from '../../src/protocol/rendezvous/replies.ts';
import { millis } from '../../src/protocol/time.ts';
import { crc32 } from '../../src/protocol/wire/crc32.ts';
import { packetType } from '../../src/protocol/wire/packet.ts';
import { forEachSeed } from '../support/seeds.ts';
import { Scene } from './scene.ts';

const SEEDS = 3;
/** Each run takes another of so many bytes; as many seeds in a row take every byte. */
const STRIDE = 12;
const CHECKSUM_OFFSET = 19;
/** H, A, B, C and D of docs/protocol-handshake.md, as the server hands them out. */
const MESSAGES = {
  H: MessageKind.hello,
  A: MessageKind.claim,
  B: MessageKind.answer,
  C: MessageKind.receiverConfirm,
  D: MessageKind.senderConfirm,
} as const;

describe('a server that changes one byte of', () => {
  for (const [name, kind] of Object.entries(MESSAGES)) {
    forEachSeed(`${name}, always, never brings anybody together`, SEEDS, (seed) => {
      for (const position of positions(kind, seed)) {
        const { sender, receiver, changed } = transferWith(seed, { kind, position, times: 1000 });
        expect(changed).toBeGreaterThan(0);
        expect([sender.finished, receiver.find('joined')]).toEqual([false, undefined]);
        expect(receiver.failure).toBeDefined();
        expect(sender.find('accepted')).toBeUndefined();
      }
    });

    forEachSeed(`${name}, once, leads to the same file or to none`, SEEDS, (seed) => {
      for (const position of positions(kind, seed + STRIDE / 2)) {
        const { scene, sender, receiver } = transferWith(seed, { kind, position, times: 1 });
        expect(receiver.ended).toBe(true);
        expect(sender.finished).toBe(receiver.finished);
        if (receiver.finished) scene.expectEqualFile(receiver);
      }
    });
  }

  it('nothing at all brings them together: the test can tell', () => {
    const { receiver, changed } = transferWith(1, { kind: 0, position: 0, times: 1000 });
    expect([receiver.finished, changed]).toEqual([true, 0]);
  });
});

interface Change {
  readonly kind: number;
  readonly position: number;
  readonly times: number;
}

function transferWith(seed: number, { kind, position, times }: Change) {
  const scene = new Scene(seed, { bytes: 1000 });
  let changed = 0;
  scene.sim.tap(({ payload }) => {
    const body = changed < times ? bodyIn(payload) : undefined;
    if (body?.[0] !== kind) return 'pass';
    changed += 1;
    return flipped(payload, body.byteOffset - payload.byteOffset + position, 1 << (seed % 8));
  });
  const { sender, receiver } = scene.meet();
  scene.runUntil(() => receiver.ended && (sender.ended || !receiver.finished), millis(60_000));
  return { scene, sender, receiver, changed };
}

/** The bytes to change in this run: every twelfth, other ones with every seed. */
function positions(kind: number, seed: number): number[] {
  const length = lengthOf(kind);
  const count = Math.ceil((length - (seed % STRIDE)) / STRIDE);
  return Array.from({ length: count }, (_, n) => (seed % STRIDE) + n * STRIDE);
}

/** Bytes of a message on the way from the server, measured once. */
function lengthOf(kind: number): number {
  const known = lengths.get(kind);
  if (known !== undefined) return known;
  const scene = new Scene(1, { bytes: 1000 });
  scene.sim.tap(({ payload }) => {
    const body = bodyIn(payload);
    if (body?.[0] !== undefined) lengths.set(body[0], body.length);
    return 'pass';
  });
  scene.expectTransfer(scene.meet());
  return lengths.get(kind) ?? 0;
}

const lengths = new Map<number, number>();

/** The handshake message in what a server sends: a view of `payload`. */
function bodyIn(payload: Uint8Array): Uint8Array | undefined {
  const type = packetType(payload, 0);
  if (type !== MessageType.claimed && type !== MessageType.deliver) return undefined;
  const reply = decodeReply(payload)?.reply;
  if (reply?.kind === 'claimed') return reply.hello;
  return reply?.kind === 'deliver' ? reply.body : undefined;
}

/** A copy with some bits of one byte changed, and a checksum that says nothing of it. */
function flipped(payload: Uint8Array, position: number, bits: number): Uint8Array {
  const changed = payload.slice();
  changed[position] = (changed[position] ?? 0) ^ bits;
  changed.fill(0, CHECKSUM_OFFSET, CHECKSUM_OFFSET + 4);
  new DataView(changed.buffer).setUint32(CHECKSUM_OFFSET, crc32(changed));
  return changed;
}
