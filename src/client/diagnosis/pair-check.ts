import { monotonicNow } from '../../io/clock.ts';
import { P2PShareError } from '../../protocol/errors.ts';
import { formatCode, parseCode, randomWords } from '../../protocol/handshake/code.ts';
import { type PairSide, predictPair } from '../../protocol/path/path-prediction.ts';
import { ReceiverSession } from '../../protocol/session/receiver-session.ts';
import { SenderSession } from '../../protocol/session/sender-session.ts';
import type { SessionEvent } from '../../protocol/session/session-event.ts';
import type { Situation } from '../../protocol/session/signal.ts';
import type { Instant } from '../../protocol/time.ts';
import type { Entry } from '../../protocol/transfer/entries/entry.ts';
import type { EntryName } from '../../protocol/transfer/entries/entry-name.ts';
import type { DiagnoseOptions, PairDiagnosis, PeerCode, SideDiagnosis } from '../api/diagnosis.ts';
import type { PathEvent } from '../api/events.ts';
import { pathEvent } from '../session/path-event.ts';
import type { Session } from '../session/session.ts';
import { prepareSession, type SessionGround } from '../session/session-ground.ts';
import { SessionRun } from '../session/session-run.ts';

/** What is offered is this, without a byte: so neither side takes the other for one that sends a file. */
const PROBE: Entry = {
  kind: 'file',
  path: ['p2pshare doctor' as EntryName],
  size: 0,
  mtimeMs: 0,
  mode: 0o644,
  version: 0n,
};
/** A search is over then, and whatever may come of a connection by TCP. */
const PATIENCE_MS = 7000;
/** The peer is there, or about to be: somebody has just been told its code. */
const PEER_WITHIN_MS = 60_000;

/**
 * Meets a peer that does the same, and looks for paths for some seconds, or until there is a direct
 * one. Rejects with a `P2PShareError` when nobody comes; it is `P2P_USAGE` when the code is of a file.
 */
export async function checkPair(
  options: DiagnoseOptions & { readonly peer: PeerCode },
): Promise<PairDiagnosis> {
  const { servers = [], signal, peer } = options;
  if (servers.length === 0) throw new P2PShareError('P2P_USAGE', 'a pair meets at a server');
  const { code } = peer;
  const parsed = code === undefined ? undefined : parseCode(code);
  if (parsed !== undefined && parsed.kind !== 'code') {
    throw new P2PShareError('P2P_CODE_INVALID', JSON.stringify(parsed.problem));
  }
  const ground = await prepareSession({ servers, lan: false });
  const now = monotonicNow();
  const own = ground.options;
  const session =
    parsed === undefined
      ? new SenderSession({ ...own, words: randomWords(own.random), lan: false }, now)
      : new ReceiverSession({ ...own, code: parsed.code, searchFor: undefined }, now);
  if (session instanceof SenderSession) session.offer([PROBE], now);
  const timeoutMs = parsed === undefined ? undefined : PEER_WITHIN_MS;
  return await new PairCheck(session, ground, peer).run(signal, timeoutMs);
}

class PairCheck {
  readonly #ground: SessionGround;
  readonly #peer: PeerCode;
  readonly #session: SenderSession | ReceiverSession;
  readonly #run: SessionRun<Session>;
  #situations: Extract<SessionEvent, { kind: 'situations' }> | undefined;
  #path: PathEvent | undefined;
  /** The receiver's: accepts, and with that ends the check on both sides. */
  #accept: (() => void) | undefined;
  #deadline: NodeJS.Timeout | undefined;
  /** What our user did wrong, if anything; the peer is told that it was declined. */
  #misuse: P2PShareError | undefined;

  constructor(session: SenderSession | ReceiverSession, ground: SessionGround, peer: PeerCode) {
    this.#ground = ground;
    this.#peer = peer;
    this.#session = session;
    const onEvent = (event: SessionEvent) => this.#onEvent(event);
    // Nobody follows this one: what is found is told at the end.
    const handle = { emit: () => undefined };
    this.#run = new SessionRun<Session>({ session, handle, ground, onEvent });
  }

  async run(
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
  ): Promise<PairDiagnosis> {
    try {
      await this.#run.run({ signal, timeoutMs });
    } catch (error) {
      throw this.#misuse ?? error;
    } finally {
      clearTimeout(this.#deadline);
    }
    if (this.#situations === undefined || this.#path === undefined) {
      throw new P2PShareError('P2P_PROTOCOL', 'the peer said nothing of itself');
    }
    const { own, peer, isUdpBlocked } = this.#situations;
    return {
      own: sideOf(own),
      peer: sideOf(peer),
      expect: predictPair(pairSide(own), pairSide(peer), isUdpBlocked),
      path: this.#path,
    };
  }

  #onEvent(event: SessionEvent): void {
    switch (event.kind) {
      case 'code':
        if (this.#peer.code === undefined) this.#peer.onCode(formatCode(event.code));
        break;
      case 'keep':
        this.#touch((session, now) => session.handleKept(now));
        break;
      case 'situations':
        this.#situations = event;
        this.#considerEnd();
        break;
      case 'path':
        this.#path = pathEvent(event.path, this.#ground.endpoints);
        this.#considerEnd();
        break;
      case 'offer':
        this.#onOffer(event.offer.entries.at(0));
        break;
      case 'complete':
        this.#touch((session, now) => session.handlePublished(now));
        break;
      case 'verified':
        this.#end();
        break;
      default:
        break;
    }
  }

  #onOffer(entry: Entry | undefined): void {
    if (entry?.path[0] !== PROBE.path[0] || entry?.size !== 0) {
      this.#misuse = new P2PShareError(
        'P2P_USAGE',
        'this code is that of a file: take one that p2pshare doctor --with-peer shows',
      );
      this.#run.abort(new P2PShareError('P2P_DECLINED', 'the peer sends a file'));
      return;
    }
    const accept = () => {
      this.#accept = undefined;
      this.#touch((session, now) => session.accept(now));
    };
    this.#accept = accept;
    this.#deadline = setTimeout(accept, PATIENCE_MS);
    this.#considerEnd();
  }

  /** With a direct path there is nothing more to wait for. */
  #considerEnd(): void {
    if (this.#path?.kind === 'direct' && this.#situations !== undefined) this.#accept?.();
  }

  #touch(action: (session: ReceiverSession, now: Instant) => void): void {
    const session = this.#session;
    if (session instanceof ReceiverSession) this.#run.touch((_, now) => action(session, now));
  }

  /** The sender's: nothing was kept of this, so there is nothing to forget. */
  #end(): void {
    const session = this.#session;
    if (session instanceof SenderSession) this.#run.touch((_, now) => session.handleForgotten(now));
  }
}

function pairSide({ nat, mappedPort }: Situation): PairSide {
  return { nat, isMapped: mappedPort !== undefined };
}

function sideOf({ nat, mappedPort }: Situation): SideDiagnosis {
  return { ...nat, portMapped: mappedPort !== undefined };
}
