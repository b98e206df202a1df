import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import { openSsl } from '../../../src/crypto/openssl.ts';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Code } from '../../../src/protocol/handshake/code.ts';
import { CipherSuite } from '../../../src/protocol/ports.ts';
import type { Place } from '../../../src/protocol/session/hosting.ts';
import { ReceiverSession } from '../../../src/protocol/session/receiver-session.ts';
import { SenderSession } from '../../../src/protocol/session/sender-session.ts';
import type { SessionEvent } from '../../../src/protocol/session/session-event.ts';
import type { KnownServer, SessionOptions } from '../../../src/protocol/session/session-options.ts';
import { type Millis, millis } from '../../../src/protocol/time.ts';
import { parseEntryName } from '../../../src/protocol/transfer/entries/entry-name.ts';
import type { RateCap } from '../../../src/protocol/transport/rate-cap.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import type { Driver } from '../../support/driver.ts';
import type { Host } from '../../support/host.ts';
import type { Simulation } from '../../support/simulator.ts';
import { type Dial, networksOf, SimulatedPeer } from './simulated-peer.ts';

export { runServer } from './simulated-server.ts';

const hasher = await createHasher();
/** In memory that is used again, as in a real transfer: whoever keeps a view of a record is found out. */
const native = await openSsl();
export const WORDS: readonly string[] = ['acorn', 'basket', 'candle'];

export interface PeerOptions {
  readonly server: Endpoint | undefined;
  /** Further servers. */
  readonly others?: readonly Endpoint[];
  readonly policy?: SessionOptions['policy'];
  /** Whose randomness is used: two peers of one simulation must not share a name. */
  readonly name?: string;
  readonly port?: number;
  /** What the peer says of its own addresses; the truth when left out. */
  readonly localEndpoints?: readonly Endpoint[];
  readonly transports?: Omit<KnownServer, 'endpoint'>;
  readonly caps?: RateCap[];
  readonly dial?: Dial;
}

export interface SenderOptions extends PeerOptions {
  readonly words?: readonly string[];
  readonly fileName?: string;
  /** Whether a server answers on the sender's own socket; by default where no other is given. */
  readonly lan?: boolean;
  readonly place?: Place;
  readonly failedAttempts?: number;
  /** What is done when the receiver has everything; by default it is dismissed at once. */
  readonly onVerified?: (sender: SimulatedSender) => void;
}

export interface ReceiverOptions extends PeerOptions {
  /** How long servers may be added; by default 5 s where none is given. */
  readonly searchFor?: Millis;
  /** What is done when what is needed to meet again is to be kept; by default it is at once. */
  readonly onKeep?: (receiver: SimulatedReceiver) => void;
  /** What is done about an offer; by default it is accepted at once. */
  readonly onOffer?: (receiver: SimulatedReceiver) => void;
  /** Called before each write. */
  readonly onWrite?: (receiver: SimulatedReceiver) => void;
}

/** A sender on a simulated host with a file of the given bytes in memory for a disk. */
export class SimulatedSender extends SimulatedPeer {
  readonly #file: Uint8Array;
  readonly #onVerified: (sender: SimulatedSender) => void;
  readonly session: SenderSession;
  protected readonly driver: Driver<SessionEvent>;

  constructor(sim: Simulation, host: Host, file: Uint8Array, options: SenderOptions) {
    const { name = 'sender', port = 5000, fileName = 'file.bin' } = options;
    super(sim, host, port, options.dial);
    this.#file = file;
    this.#onVerified = options.onVerified ?? ((sender) => sender.dismiss());
    const entryName = parseEntryName(fileName);
    if (typeof entryName !== 'string') throw new Error(`${fileName} is refused`);
    const { length } = file;
    this.session = new SenderSession(
      {
        ...sessionOptions(sim, host, name, port),
        words: WORDS,
        lan: options.server === undefined,
        ...options,
        servers: serversOf(options),
      },
      sim.now,
    );
    const entry = { kind: 'file', path: [entryName], size: length, mtimeMs: 0 } as const;
    this.session.offer([{ ...entry, mode: 0o644, version: 1n }], sim.now);
    this.driver = host.run(this.session, { port, onEvent: (event) => this.#onEvent(event) });
  }

  get code(): Code | undefined {
    return this.find('code')?.code;
  }

  dismiss(): void {
    this.session.handleForgotten(this.driver.now);
    this.driver.poke();
  }

  #onEvent(event: SessionEvent): void {
    if (event.kind !== 'read' && event.kind !== 'released') this.note(event);
    this.followBases(event);
    if (event.kind === 'verified') this.#onVerified(this);
    if (event.kind !== 'read') return;
    const bytes = this.#file.slice(event.offset, event.offset + event.length);
    this.session.handleRead(event.entry, event.offset, bytes, this.driver.now);
    this.driver.poke();
  }
}

/** A receiver on a simulated host that writes to memory, and accepts everything unless told otherwise. */
export class SimulatedReceiver extends SimulatedPeer {
  readonly session: ReceiverSession;
  protected readonly driver: Driver<SessionEvent>;
  readonly #options: ReceiverOptions;
  file = new Uint8Array(0);

  constructor(sim: Simulation, host: Host, code: Code, options: ReceiverOptions) {
    const { name = 'receiver', port = 6000 } = options;
    super(sim, host, port, options.dial);
    this.#options = options;
    this.session = new ReceiverSession(
      {
        ...sessionOptions(sim, host, name, port),
        code,
        searchFor: options.server === undefined ? millis(5000) : undefined,
        ...options,
        servers: serversOf(options),
      },
      sim.now,
    );
    this.driver = host.run(this.session, { port, onEvent: (event) => this.#onEvent(event) });
  }

  /** What was to be kept. */
  get resumeSecret(): Uint8Array {
    const secret = this.find('keep')?.resumeSecret;
    if (secret === undefined) throw new Error('nobody was met');
    return secret;
  }

  keep(): void {
    this.session.handleKept(this.driver.now);
    this.driver.poke();
  }

  addServer(server: Endpoint): void {
    this.session.addServer(server, this.driver.now);
    this.driver.poke();
  }

  accept(limit?: number): void {
    this.session.accept(this.driver.now, undefined, { limit });
    this.driver.poke();
  }

  hurry(): void {
    this.session.hurry(this.driver.now);
    this.driver.poke();
  }

  decline(): void {
    this.session.decline('P2P_DECLINED', this.driver.now);
    this.driver.poke();
  }

  #onEvent(event: SessionEvent): void {
    const { now } = this.driver;
    const { onKeep = (receiver) => receiver.keep() } = this.#options;
    const { onOffer = (receiver) => receiver.accept(), onWrite } = this.#options;
    if (event.kind !== 'write') this.note(event);
    this.followBases(event);
    if (event.kind === 'keep') onKeep(this);
    else if (event.kind === 'offer') {
      this.file = new Uint8Array(event.offer.totalBytes);
      onOffer(this);
    } else if (event.kind === 'write') {
      onWrite?.(this);
      this.file.set(event.bytes, event.offset);
      this.session.handleWritten(event.entry, event.offset, event.bytes.length, now);
    } else if (event.kind === 'complete') this.session.handlePublished(now);
    this.driver.poke();
  }
}

/** `length` bytes that differ from place to place and from seed to seed. */
export function testFile(sim: Simulation, length: number): Uint8Array {
  const random = sim.random.fork('file');
  const block = random.bytes(Math.min(length, 4099));
  const file = new Uint8Array(length);
  for (let at = 0; at < length; at += block.length) {
    file.set(block.subarray(0, Math.min(block.length, length - at)), at);
    file[at] = (at / block.length) & 0xff;
  }
  return file;
}

function serversOf({ server, others = [], transports }: PeerOptions): KnownServer[] {
  const endpoints = server === undefined ? others : [server, ...others];
  return endpoints.map((endpoint) => ({ endpoint, ...transports }));
}

function sessionOptions(sim: Simulation, host: Host, name: string, port: number): SessionOptions {
  const random = sim.random.fork(name);
  return {
    crypto: createCrypto(random, native),
    random,
    hasher,
    suites: [CipherSuite.aes256Gcm, CipherSuite.chacha20Poly1305],
    policy: 'any',
    caps: [],
    servers: [],
    ...networksOf([host], port),
  };
}
