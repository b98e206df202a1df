import type { ErrorCode } from '../errors.ts';
import type { CipherSuite, Crypto, PakeRun, Random } from '../ports.ts';
import type { SessionKeys } from '../session-keys.ts';
import type { Instant } from '../time.ts';
import { sameBytes } from '../wire/bytes.ts';
import { decodeChoice, encodeOffer } from './associated-data.ts';
import type { Code } from './code.ts';
import { type ConfirmationContext, makeConfirm, openConfirm } from './confirmation.ts';
import {
  deriveHandshakeKeys,
  deriveSessionKeys,
  firstTranscriptHash,
  secondTranscriptHash,
} from './key-schedule.ts';
import {
  type Answer,
  type Confirm,
  decodeAnswer,
  decodeConfirm,
  decodeHello,
  decodeReject,
  decodeWait,
  encodeClaim,
  type Hello,
  limits,
  MessageKind,
  NONCE_BYTES,
  RejectReason,
  TAG_BYTES,
} from './message.ts';
import { chooseSuite, commonVersion, mismatchWithSender, VERSIONS } from './negotiation.ts';
import { pakeInput } from './pake-input.ts';

export type ReceiverHandshakeEvent =
  /** `message` has changed: post the new one from now on. */
  | { readonly kind: 'message' }
  /** The sender is there, and has no place for us yet: `message` is to be posted for longer. */
  | { readonly kind: 'queued' }
  /** `box` is the plaintext of the sender's box. */
  | { readonly kind: 'established'; readonly keys: SessionKeys; readonly box: Uint8Array }
  | { readonly kind: 'failed'; readonly code: ErrorCode };

export interface ReceiverHandshakeOptions {
  readonly crypto: Crypto;
  readonly random: Random;
  /** Our cipher suites, the favourite first. */
  readonly suites: readonly CipherSuite[];
  readonly code: Code;
  /** H, as the server handed it out. */
  readonly hello: Uint8Array;
  /** 16 bytes that name this claim to the server and to the sender. */
  readonly claimId: Uint8Array;
  /** The plaintext of our sealed box (at most 700 bytes), asked for when C is made. */
  readonly box: () => Uint8Array;
}

/**
 * The receiver's half of the handshake (initiator of CPace): one claim, one guess. It has no timer:
 * whoever posts `message` repeats it and gives up.
 */
export class ReceiverHandshake {
  readonly #options: ReceiverHandshakeOptions;
  readonly #events: ReceiverHandshakeEvent[] = [];
  #message: Uint8Array = new Uint8Array(0);
  #state: State = { kind: 'starting' };

  constructor(options: ReceiverHandshakeOptions) {
    this.#options = options;
    const hello = decodeHello(options.hello);
    this.#check(hello === undefined ? 'P2P_PROTOCOL' : this.#claim(hello));
  }

  /** What is to be posted now, again and again; empty when the hello was of no use. */
  get message(): Uint8Array {
    return this.#message;
  }

  /** Takes a message that the server passed on. What does not parse, or is not for us, is dropped. */
  handleMessage(body: Uint8Array, _now: Instant): void {
    if (body.length > limits.messageBytes) return;
    const bytes = body.slice();
    const reject = decodeReject(bytes);
    if (this.#isOurs(reject)) this.#check(REJECTED[reject.reason]);
    if (this.#isOurs(decodeWait(bytes)) && this.#state.kind !== 'ended') {
      this.#events.push({ kind: 'queued' });
    }
    const answer = decodeAnswer(bytes);
    if (this.#isOurs(answer)) this.#check(this.#onAnswer(answer, bytes));
    const confirm = decodeConfirm(bytes, MessageKind.senderConfirm);
    if (this.#isOurs(confirm)) this.#check(this.#onConfirm(confirm, bytes));
  }

  pollEvent(): ReceiverHandshakeEvent | undefined {
    return this.#events.shift();
  }

  #claim(hello: Hello): ErrorCode | undefined {
    const { crypto, random, suites, code, claimId } = this.#options;
    const version = commonVersion(hello.versions);
    if (version === undefined) return mismatchWithSender(hello.versions);
    if (chooseSuite(suites, hello.suites) === undefined) return 'P2P_VERSION_MISMATCH';
    const nonce = random.bytes(NONCE_BYTES);
    if (sameBytes(nonce, hello.nonce)) return 'P2P_PROTOCOL';
    const run = crypto.pake.start(pakeInput(code, nonce, hello.nonce));
    const associatedData = encodeOffer({ versions: VERSIONS, suites });
    this.#message = encodeClaim({ version, claimId, nonce, share: run.share, associatedData });
    this.#state = { kind: 'claimed', run, ownData: associatedData };
    return undefined;
  }

  #onAnswer(answer: Answer, b: Uint8Array): ErrorCode | undefined {
    const choice = decodeChoice(answer.associatedData);
    if (this.#state.kind !== 'claimed' || choice === undefined) return undefined;
    const { run, ownData } = this.#state;
    const suite = this.#options.suites.find((offered) => offered === choice.suite);
    if (suite === undefined || !VERSIONS.includes(choice.version)) return 'P2P_VERSION_MISMATCH';
    // A mirror has no password: nothing that sends our own share back is worth an answer.
    if (sameBytes(answer.share, run.share)) return 'P2P_PROTOCOL';
    const isk = run.finish({
      role: 'initiator',
      ownData,
      peerShare: answer.share,
      peerData: answer.associatedData,
    });
    if (isk === undefined) return 'P2P_PROTOCOL';
    this.#confirm(isk, suite, b);
    return undefined;
  }

  #confirm(isk: Uint8Array, suite: CipherSuite, b: Uint8Array): void {
    const { crypto, hello, claimId, box } = this.#options;
    const th0 = firstTranscriptHash(crypto, { h: hello, a: this.#message, b });
    const keys = deriveHandshakeKeys(crypto, { isk, th0 });
    const context = { crypto, keys, th0, claimId };
    this.#message = makeConfirm(context, 'receiver', box(), []);
    this.#state = { kind: 'confirming', isk, suite, context };
    this.#events.push({ kind: 'message' });
  }

  #onConfirm(confirm: Confirm, d: Uint8Array): ErrorCode | undefined {
    if (this.#state.kind !== 'confirming') return undefined;
    const { isk, suite, context } = this.#state;
    const ownTag = this.#message.subarray(this.#message.length - TAG_BYTES);
    const box = openConfirm(context, 'sender', confirm, [ownTag]);
    if (box === undefined) return 'P2P_CODE_MISMATCH';
    const { crypto } = this.#options;
    const { th0 } = context;
    const th1 = secondTranscriptHash(crypto, { th0, c: this.#message, d });
    const keys = deriveSessionKeys(crypto, { isk, th0, th1, suite, side: 'receiver' });
    this.#end();
    this.#events.push({ kind: 'established', keys, box });
    return undefined;
  }

  #isOurs<T extends { readonly claimId: Uint8Array }>(message: T | undefined): message is T {
    return message !== undefined && sameBytes(message.claimId, this.#options.claimId);
  }

  #check(failure: ErrorCode | undefined): void {
    if (failure === undefined || this.#state.kind === 'ended') return;
    this.#end();
    this.#events.push({ kind: 'failed', code: failure });
  }

  #end(): void {
    if (this.#state.kind === 'confirming') this.#state.isk.fill(0);
    this.#state = { kind: 'ended' };
  }
}

interface Claimed {
  readonly kind: 'claimed';
  readonly run: PakeRun;
  readonly ownData: Uint8Array;
}

interface Confirming {
  readonly kind: 'confirming';
  readonly isk: Uint8Array;
  readonly suite: CipherSuite;
  readonly context: ConfirmationContext;
}

type State = { readonly kind: 'starting' } | Claimed | Confirming | { readonly kind: 'ended' };

const REJECTED: Readonly<Record<RejectReason, ErrorCode>> = {
  [RejectReason.mismatch]: 'P2P_CODE_MISMATCH',
  [RejectReason.used]: 'P2P_CODE_USED',
  [RejectReason.burnt]: 'P2P_CODE_BURNT',
  [RejectReason.version]: 'P2P_VERSION_MISMATCH',
};
