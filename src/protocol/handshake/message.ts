import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';

/** The first byte of every handshake message: its letter in docs/protocol-handshake.md. */
export const MessageKind = {
  hello: 0x48,
  claim: 0x41,
  answer: 0x42,
  receiverConfirm: 0x43,
  senderConfirm: 0x44,
  reject: 0x52,
  wait: 0x57,
} as const;

export const limits = {
  /** What fits a mailbox message with room for its envelope in a 1,200-byte datagram. */
  messageBytes: 1_000,
  /** The server keeps the hello of every waiting sender. */
  helloBytes: 256,
  /** Plaintext of a sealed box. */
  boxBytes: 700,
  /** Entries of a version or suite list: what two sides could ever have in common. */
  listBytes: 8,
  capabilityBytes: 32,
  /** Keeps every length inside one byte, where RFC 9000 varints and LEB128 are the same. */
  associatedDataBytes: 63,
} as const;

export const CLAIM_ID_BYTES = 16;
export const NONCE_BYTES = 16;
export const SHARE_BYTES = 32;
export const TAG_BYTES = 32;
const SEAL_BYTES = 16;

/** H: what a sender offers to anybody who knows the nameplate. */
export interface Hello {
  readonly versions: readonly number[];
  readonly suites: readonly number[];
  readonly nonce: Uint8Array;
}

/** A: a receiver's claim with its share of the PAKE. */
export interface Claim {
  readonly version: number;
  readonly claimId: Uint8Array;
  readonly nonce: Uint8Array;
  readonly share: Uint8Array;
  /** ADa of the draft, as it travelled. */
  readonly associatedData: Uint8Array;
}

/** B: the sender's share in answer to one claim. */
export interface Answer {
  readonly claimId: Uint8Array;
  readonly share: Uint8Array;
  /** ADb of the draft, as it travelled. */
  readonly associatedData: Uint8Array;
}

/** C and D: a sealed box and the proof that the other side knows the key. */
export interface Confirm {
  readonly claimId: Uint8Array;
  readonly box: Uint8Array;
  /** Everything before the tag: what the tag is over. */
  readonly body: Uint8Array;
  readonly tag: Uint8Array;
}

export const RejectReason = { mismatch: 1, used: 2, burnt: 3, version: 4 } as const;
export type RejectReason = (typeof RejectReason)[keyof typeof RejectReason];

/** R: why a claim goes no further. Not authenticated: there is no key to do it with. */
export interface Reject {
  readonly claimId: Uint8Array;
  readonly reason: RejectReason;
}

export function encodeHello(hello: Hello): Uint8Array {
  const writer = begin(MessageKind.hello);
  writer.prefixed(Uint8Array.from(hello.versions));
  writer.prefixed(Uint8Array.from(hello.suites));
  writer.bytes(hello.nonce);
  return writer.finish();
}

export function decodeHello(message: Uint8Array): Hello | undefined {
  const reader = open(message, MessageKind.hello, limits.helloBytes);
  const versions = reader?.prefixed(limits.listBytes);
  const suites = reader?.prefixed(limits.listBytes);
  const nonce = reader?.bytes(NONCE_BYTES);
  if (!versions || !suites || !nonce) return undefined;
  return { versions: [...versions], suites: [...suites], nonce };
}

export function encodeClaim(claim: Claim): Uint8Array {
  const writer = begin(MessageKind.claim);
  writer.uint8(claim.version);
  writer.bytes(claim.claimId);
  writer.bytes(claim.nonce);
  writer.bytes(claim.share);
  writer.prefixed(claim.associatedData);
  return writer.finish();
}

export function decodeClaim(message: Uint8Array): Claim | undefined {
  const reader = open(message, MessageKind.claim);
  const version = reader?.uint8();
  const claimId = reader?.bytes(CLAIM_ID_BYTES);
  const nonce = reader?.bytes(NONCE_BYTES);
  const share = reader?.bytes(SHARE_BYTES);
  const associatedData = reader?.prefixed(limits.associatedDataBytes);
  if (version === undefined || !claimId || !nonce || !share || !associatedData) return undefined;
  return { version, claimId, nonce, share, associatedData };
}

export function encodeAnswer(answer: Answer): Uint8Array {
  const writer = begin(MessageKind.answer);
  writer.bytes(answer.claimId);
  writer.bytes(answer.share);
  writer.prefixed(answer.associatedData);
  return writer.finish();
}

export function decodeAnswer(message: Uint8Array): Answer | undefined {
  const reader = open(message, MessageKind.answer);
  const claimId = reader?.bytes(CLAIM_ID_BYTES);
  const share = reader?.bytes(SHARE_BYTES);
  const associatedData = reader?.prefixed(limits.associatedDataBytes);
  if (!claimId || !share || !associatedData) return undefined;
  return { claimId, share, associatedData };
}

/** Everything of C or D but the tag, which stands at the very end. */
export function encodeConfirmBody(
  kind: typeof MessageKind.receiverConfirm | typeof MessageKind.senderConfirm,
  confirm: Pick<Confirm, 'claimId' | 'box'>,
): Uint8Array {
  const writer = begin(kind, limits.messageBytes);
  writer.bytes(confirm.claimId);
  writer.prefixed(confirm.box);
  return writer.finish();
}

export function decodeConfirm(
  message: Uint8Array,
  kind: typeof MessageKind.receiverConfirm | typeof MessageKind.senderConfirm,
): Confirm | undefined {
  const reader = open(message, kind);
  const claimId = reader?.bytes(CLAIM_ID_BYTES);
  const box = reader?.prefixed(limits.boxBytes + SEAL_BYTES);
  if (!claimId || !box || reader === undefined || reader.remaining < TAG_BYTES) return undefined;
  const end = message.length - TAG_BYTES;
  return { claimId, box, body: message.subarray(0, end), tag: message.subarray(end) };
}

export function encodeReject(reject: Reject): Uint8Array {
  const writer = begin(MessageKind.reject);
  writer.bytes(reject.claimId);
  writer.uint8(reject.reason);
  return writer.finish();
}

export function decodeReject(message: Uint8Array): Reject | undefined {
  const reader = open(message, MessageKind.reject);
  const claimId = reader?.bytes(CLAIM_ID_BYTES);
  const value = reader?.uint8();
  const reason = Object.values(RejectReason).find((known) => known === value);
  return claimId && reason !== undefined ? { claimId, reason } : undefined;
}

/** W: all places are taken, and the claim stays good. Not authenticated either. */
export function encodeWait(claimId: Uint8Array): Uint8Array {
  const writer = begin(MessageKind.wait);
  writer.bytes(claimId);
  return writer.finish();
}

export function decodeWait(message: Uint8Array): Pick<Claim, 'claimId'> | undefined {
  const claimId = open(message, MessageKind.wait)?.bytes(CLAIM_ID_BYTES);
  return claimId && { claimId };
}

function begin(kind: number, capacity?: number): ByteWriter {
  const writer = new ByteWriter(capacity);
  writer.uint8(kind);
  return writer;
}

function open(
  message: Uint8Array,
  kind: number,
  limit: number = limits.messageBytes,
): ByteReader | undefined {
  if (message.length > limit) return undefined;
  const reader = new ByteReader(message);
  return reader.uint8() === kind ? reader : undefined;
}
