import { monotonicNow } from '../../io/clock.ts';
import { Driver } from '../../io/driver.ts';
import type { Path } from '../../protocol/candidate.ts';
import { P2PShareError } from '../../protocol/errors.ts';
import { addressClass } from '../../protocol/path/address-class.ts';
import type { Hasher } from '../../protocol/ports.ts';
import type { SessionEvent, SessionFailure } from '../../protocol/session/session-event.ts';
import type { Instant } from '../../protocol/time.ts';
import type { TransferEvent } from '../api/events.ts';
import type { TransferHandle, TransferResult } from '../api/transfer-handle.ts';
import { GIVES_WAY, type MOVES_ON } from '../attempts/attempts.ts';
import { Phases } from '../attempts/phases.ts';
import type { Endpoints } from './endpoints.ts';
import { MappedPort } from './mapped-port.ts';
import type { NamedServer } from './named-server.ts';
import { pathEvent, pathKind } from './path-event.ts';
import { afterPatience } from './patience.ts';
import type { MeterOptions } from './progress-meter.ts';
import { ProgressWatch } from './progress-watch.ts';
import type { Session } from './session.ts';
import { SessionBases } from './session-bases.ts';
import type { SessionGround } from './session-ground.ts';
import { SessionStreams } from './session-streams.ts';
import { Surroundings } from './surroundings.ts';

/** A session on real sockets, from its opening to its last goodbye; what both sides share. */
export class SessionRun<S extends Session> {
  readonly session: S;
  readonly hasher: Hasher;
  readonly #handle: Pick<TransferHandle, 'emit'>;
  readonly #endpoints: Endpoints;
  readonly #servers: readonly NamedServer[];
  readonly #mapsPort: boolean;
  readonly #driver: Driver<SessionEvent>;
  #startedAt = performance.now();
  #patience: NodeJS.Timeout | undefined;
  readonly #progress: ProgressWatch;
  readonly #phases: Phases;
  #path: Path | undefined;
  #isPeerMissing = false;
  #failure: P2PShareError | undefined;
  readonly #bases: SessionBases;
  readonly #streams: SessionStreams;
  readonly #onJoined: () => void;
  #finished = false;
  #cancel = (): void => this.abort(new P2PShareError('P2P_CANCELLED', 'aborted'));
  readonly #over = new AbortController();
  #gone: () => void = () => undefined;
  /** Resolves when the session has said its goodbyes. */
  readonly #ended = new Promise<void>((resolve) => {
    this.#gone = resolve;
  });

  constructor(options: {
    readonly session: S;
    readonly handle: Pick<TransferHandle, 'emit'>;
    readonly ground: SessionGround;
    readonly onEvent: (event: SessionEvent) => void;
    /** The peer is met; called before anybody is told. */
    readonly onJoined?: () => void;
  }) {
    this.session = options.session;
    this.hasher = options.ground.options.hasher;
    this.#handle = options.handle;
    this.#onJoined = options.onJoined ?? (() => undefined);
    const emit = (event: TransferEvent) => options.handle.emit(event);
    this.#phases = new Phases(emit, monotonicNow);
    this.#progress = new ProgressWatch({
      emit,
      isPeerMissing: () => this.#isPeerMissing,
      onStuck: (ms) =>
        this.abort(new P2PShareError('P2P_LOCAL_IO', `the disk did nothing for ${ms} ms`)),
    });
    this.#endpoints = options.ground.endpoints;
    this.#servers = options.ground.servers;
    this.#mapsPort = options.ground.mapsPort;
    this.#driver = new Driver({
      machine: options.session,
      sockets: this.#endpoints.sockets,
      onStall: (now) => options.session.handleWake(now),
      onEvent: (event) => {
        this.#onEvent(event);
        options.onEvent(event);
      },
    });
    const parts = {
      endpoints: this.#endpoints,
      driver: this.#driver,
      touch: (action: (session: Session, now: Instant) => void) => this.touch(action),
    };
    this.#bases = new SessionBases(parts);
    this.#streams = new SessionStreams({ ...parts, servers: this.#servers });
  }

  /**
   * The way that what was transferred took: the path in use, or the last one, for sessions that got
   * anywhere have one; and milliseconds since data could flow.
   */
  get way(): Pick<TransferResult, 'path' | 'ms'> {
    const path = this.#path === undefined ? 'direct' : pathKind(this.#path);
    return { path, ms: Math.round(performance.now() - this.#startedAt) };
  }

  /** Whether the peer was there, and is not heard; after the end, whether it was so then. */
  get isPeerMissing(): boolean {
    return this.#isPeerMissing;
  }

  /** Aborted as soon as the session has finished or failed. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /**
   * Runs to the end. Rejects with what the session failed of, or with what `signal` (`GIVES_WAY`:
   * without a goodbye) or the time limit for the peer's coming made of it.
   */
  async run(options: {
    signal: AbortSignal | undefined;
    timeoutMs: number | undefined;
  }): Promise<void> {
    const { signal, timeoutMs } = options;
    const cancel = () => {
      if (signal?.reason === GIVES_WAY) this.leave(GIVES_WAY);
      else this.#cancel();
    };
    signal?.addEventListener('abort', cancel, { once: true });
    this.#patience = afterPatience(timeoutMs, () => {
      this.abort(new P2PShareError('P2P_TIMEOUT', `no peer within ${timeoutMs} ms`));
    });
    const mappedPort = this.#mappedPort();
    const surroundings = this.#watchSurroundings(mappedPort);
    mappedPort?.ask(this.#endpoints.interfaces);
    try {
      this.#driver.start();
      if (signal?.aborted) cancel();
      await this.#ended;
    } finally {
      signal?.removeEventListener('abort', cancel);
      clearTimeout(this.#patience);
      this.#progress.close();
      this.#phases.close();
      surroundings.close();
      this.#driver.close();
      await mappedPort?.close();
      await this.#endpoints.close();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Everything is here, and gets its names: it may fail, but a cancel comes too late, and does this. */
  commit(onLateCancel: (session: S, now: Instant) => void): void {
    this.#cancel = () => this.touch(onLateCancel);
    this.enter('verifying');
  }

  /** The peer may take as long as it likes to come. */
  waitForEver(): void {
    clearTimeout(this.#patience);
  }

  /** Tells what is done from now on. */
  enter(phase: Parameters<Phases['enter']>[0]): void {
    this.#phases.enter(phase);
  }

  /** The same in a moment, unless something else is done by then. */
  enterSoon(phase: Parameters<Phases['enter']>[0]): void {
    this.#phases.enterSoon(phase);
  }

  /** The same only for what takes its time; yields its outcome. */
  during<T>(phase: Parameters<Phases['enter']>[0], work: Promise<T>): Promise<T> {
    return this.#phases.during(phase, work, this.over);
  }

  /** Ends the session for a reason of this side, unless all is done; the peer is told its code. */
  abort(reason: P2PShareError): void {
    if (this.#finished) return;
    this.#failure ??= reason;
    this.session.abort(reason.code, reason.code, monotonicNow());
    this.#driver.poke();
  }

  /** Hands something to the session, and sends what comes of it. */
  touch(action: (session: S, now: Instant) => void): void {
    action(this.session, monotonicNow());
    this.#driver.poke();
  }

  /**
   * The same for what a disk did: of many small files a turn of the event loop brings many, and what
   * comes of all of them is sent together.
   */
  report(action: (session: S, now: Instant) => void): void {
    action(this.session, monotonicNow());
    this.#driver.pokeSoon();
  }

  /** Tells progress from now on (`ProgressWatch.begin`); a disk that does nothing ends the session. */
  meter(options: MeterOptions): () => void {
    // What came before was waiting for people.
    this.#startedAt = performance.now();
    return this.#progress.begin(options);
  }

  /** Ends it at once: another one goes on, and whom we had is not there to be told goodbye. */
  leave(reason: typeof GIVES_WAY | typeof MOVES_ON): void {
    this.#failure ??= reason;
    this.#finished = true;
    this.#over.abort();
    this.#gone();
  }

  #watchSurroundings(mappedPort: MappedPort | undefined): Surroundings {
    return new Surroundings({
      onWake: (now) => this.touch((session) => session.handleWake(now)),
      onNetworks: (interfaces) => {
        const networks = { interfaces, localEndpoints: this.#endpoints.at(interfaces) };
        this.touch((session, now) => session.handleNetworks(networks, now));
        mappedPort?.ask(interfaces);
      },
    });
  }

  /** Our router's help, unless the servers are so near that there is no router between. */
  #mappedPort(): MappedPort | undefined {
    const port = this.#endpoints.sockets.find(({ family }) => family === 'udp4')?.address.port;
    const isFar = this.#servers.some(
      ({ endpoint: { address } }) => addressClass(address) === 'public',
    );
    if (!this.#mapsPort || port === undefined || !isFar) return undefined;
    const onPort = (mapped: number | undefined) =>
      this.touch((session, now) => session.handleMappedPort(mapped, now));
    return new MappedPort({ port, onPort });
  }

  #failureOf({ code, detail, by }: SessionFailure): P2PShareError {
    const cause = code === 'P2P_SERVER_UNREACHABLE' ? this.#streams.dialFailure : undefined;
    return new P2PShareError(code, `${detail} (by ${by})`, {
      ...(cause !== undefined && { cause }),
      ...(by === 'peer' && { by }),
    });
  }

  #onEvent(event: SessionEvent): void {
    switch (event.kind) {
      case 'joined':
        this.#onJoined();
        clearTimeout(this.#patience);
        this.#handle.emit({ event: 'peer', state: 'joined' });
        this.#phases.enter('connecting');
        break;
      case 'rate-limited':
        this.#phases.enter('waiting-for-server');
        break;
      case 'admitted':
        this.#phases.enter('waiting-for-peer');
        break;
      case 'queued':
        this.#phases.enter('waiting-for-turn');
        break;
      case 'missing':
        this.#isPeerMissing = true;
        this.#phases.wait(event.since, event.until);
        break;
      case 'back':
        this.#isPeerMissing = false;
        this.#phases.resume();
        break;
      case 'path':
        this.#path = event.path;
        this.#handle.emit(pathEvent(event.path, this.#endpoints));
        break;
      case 'open-bases':
      case 'close-bases':
        this.#bases.onEvent(event);
        break;
      case 'dial':
      case 'anchor':
      case 'connect':
        this.#streams.onEvent(event);
        break;
      case 'finished':
        this.#finished = true;
        this.#phases.close();
        this.#over.abort();
        break;
      case 'failed':
        this.#phases.close();
        this.#over.abort();
        this.#failure ??= this.#failureOf(event);
        break;
      case 'gone':
        this.#gone();
        break;
      default:
        break;
    }
  }
}
