import { monotonicNow } from '../../io/clock.ts';
import type { P2PShareError } from '../../protocol/errors.ts';
import { formatCode } from '../../protocol/handshake/code.ts';
import { Reception } from '../../protocol/session/reception.ts';
import type { SessionEvent } from '../../protocol/session/session-event.ts';
import type { TransferEvent } from '../api/events.ts';
import type { CommonOptions } from '../api/options.ts';
import { GIVES_WAY } from '../attempts/attempts.ts';
import { LanAnswers } from '../session/lan-answers.ts';
import { prepareSession } from '../session/session-ground.ts';
import { SessionRun } from '../session/session-run.ts';
import type { SendTicket } from '../tickets/ticket.ts';
import { keptSoon, type TicketKeeper } from '../tickets/ticket-keeper.ts';
import { codeDoor } from './sender-attempts.ts';

interface ReceptionParts {
  readonly keeper: TicketKeeper<SendTicket>;
  readonly emit: (event: TransferEvent) => void;
  /** How many are expected in all. */
  readonly receivers: number;
  /** How many of them may come at first. */
  readonly places: number;
  /** Somebody has proved the code, and is to be met by this secret. */
  readonly onReceived: (resumeSecret: Uint8Array) => void;
}

/** The reception of a sender of several, on sockets of its own, from its opening to its closing. */
export class ReceptionRun {
  readonly #options: CommonOptions;
  readonly #parts: ReceptionParts;
  readonly #control = new AbortController();
  #run: SessionRun<Reception> | undefined;
  /** What was done about it before it was open. */
  readonly #early: ((run: SessionRun<Reception>) => void)[] = [];

  constructor(options: CommonOptions, parts: ReceptionParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Resolves when it is closed, and rejects when it had to be. */
  async run(): Promise<void> {
    const { servers = [] } = this.#options;
    const { keeper, emit, receivers, places } = this.#parts;
    if (servers.length > 0) emit({ event: 'status', phase: 'finding-server' });
    const ground = await prepareSession(this.#options);
    const { words, place, failedAttempts } = codeDoor(keeper.ticket);
    const { lan } = ground;
    const session = new Reception(
      { ...ground.options, words, place, failedAttempts, lan, receivers, places },
      monotonicNow(),
    );
    const answers = lan ? new LanAnswers(ground.endpoints) : undefined;
    const run = new SessionRun({
      session,
      handle: { emit },
      // Nobody stays here whom our router would have to let in.
      ground: { ...ground, mapsPort: false },
      onEvent: (event) => this.#onEvent(event, run, answers),
    });
    this.#run = run;
    for (const action of this.#early) action(run);
    try {
      await run.run({ signal: this.#control.signal, timeoutMs: undefined });
    } finally {
      await answers?.close();
    }
  }

  makeRoom(): void {
    this.#do((run) => run.touch((session, now) => session.makeRoom(now)));
  }

  /** Everybody has come. */
  finish(): void {
    this.#do((run) => run.touch((session, now) => session.finish(now)));
  }

  abort(error: P2PShareError): void {
    this.#do((run) => run.abort(error));
  }

  /** Ends it for the person who is at it; the code may be `kept` for another time. */
  leave(kept: boolean): void {
    this.#control.abort(kept ? GIVES_WAY : undefined);
  }

  #do(action: (run: SessionRun<Reception>) => void): void {
    if (this.#run === undefined) this.#early.push(action);
    else action(this.#run);
  }

  #onEvent(event: SessionEvent, run: SessionRun<Reception>, answers: LanAnswers | undefined): void {
    const { keeper, emit, onReceived } = this.#parts;
    switch (event.kind) {
      case 'code':
        answers?.begin(event.code.nameplate);
        // The code is good after our death as well, and so it is kept first, if the disk has time for it.
        void keptSoon(keeper.change({ code: event.code })).then(() => {
          if (run.over.aborted) return;
          emit({ event: 'code', code: formatCode(event.code) });
          run.enter('waiting-for-peer');
        });
        break;
      case 'wrong-code': {
        const { used, allowed } = event;
        void keeper.change({ failedAttempts: used });
        emit({ event: 'peer', state: 'wrong-code', attemptsLeft: allowed - used });
        break;
      }
      case 'received':
        onReceived(event.resumeSecret);
        break;
      default:
        break;
    }
  }
}
