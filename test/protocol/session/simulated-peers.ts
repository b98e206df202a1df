import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Code } from '../../../src/protocol/handshake/code.ts';
import type { Machine } from '../../../src/protocol/machine.ts';
import { CipherSuite } from '../../../src/protocol/ports.ts';
import { RendezvousServer } from '../../../src/protocol/rendezvous/rendezvous-server.ts';
import { ReceiverSession } from '../../../src/protocol/session/receiver-session.ts';
import { SenderSession } from '../../../src/protocol/session/sender-session.ts';
import type { SessionEvent } from '../../../src/protocol/session/session-event.ts';
import type { SessionOptions } from '../../../src/protocol/session/session-options.ts';
import { millis } from '../../../src/protocol/time.ts';
import { parseEntryName } from '../../../src/protocol/transfer/entry-name.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import type { Driver } from '../../support/driver.ts';
import type { Host } from '../../support/host.ts';
import type { Simulation } from '../../support/simulator.ts';

const hasher = await createHasher();
const WORDS = ['acorn', 'basket', 'candle'];

/** The server of the simulation: an ordinary `RendezvousServer` on a host. */
export function runServer(sim: Simulation, host: Host): Endpoint {
  const random = sim.random.fork('server');
  const machine = new RendezvousServer(
    { crypto: createCrypto(random), random, allowPrivateRelay: true },
    sim.now,
  );
  host.run(machine, { port: 9420 });
  return host.endpoint(9420);
}

interface PeerOptions {
  readonly server: Endpoint | undefined;
  readonly policy?: SessionOptions['policy'];
}

/** A sender on a simulated host with a file of the given bytes in memory for a disk. */
export class SimulatedSender {
  readonly events: SessionEvent[] = [];
  readonly #sim: Simulation;
  readonly #file: Uint8Array;
  readonly session: SenderSession;
  readonly #driver: Driver<SessionEvent>;

  constructor(sim: Simulation, host: Host, file: Uint8Array, options: PeerOptions) {
    this.#sim = sim;
    this.#file = file;
    const name = parseEntryName('file.bin');
    if (typeof name !== 'string') throw new Error('file.bin is refused');
    this.session = new SenderSession(
      {
        ...sessionOptions(sim, host, 'sender', 5000),
        entries: [{ kind: 'file', path: [name], size: file.length, mtimeMs: 0, executable: false }],
        words: WORDS,
        lan: options.server === undefined,
        ...options,
      },
      sim.now,
    );
    this.#driver = run(host, this.session, 5000, (event) => this.#onEvent(event));
  }

  get code(): Code | undefined {
    return this.#find('code')?.code;
  }

  get finished(): boolean {
    return this.#find('finished') !== undefined;
  }

  get failure(): string | undefined {
    return this.#find('failed')?.code;
  }

  get ended(): boolean {
    return this.finished || this.failure !== undefined;
  }

  /** The kinds of the paths that were used, in order. */
  get paths(): string[] {
    return pathsOf(this.events);
  }

  stop(): void {
    this.#driver.stop();
  }

  #find<Kind extends SessionEvent['kind']>(
    kind: Kind,
  ): Extract<SessionEvent, { kind: Kind }> | undefined {
    return find(this.events, kind);
  }

  #onEvent(event: SessionEvent): void {
    if (event.kind !== 'read' && event.kind !== 'released') this.events.push(event);
    if (event.kind !== 'read') return;
    const bytes = this.#file.slice(event.offset, event.offset + event.length);
    this.session.handleRead(event.entry, event.offset, bytes, this.#sim.now);
    this.#driver.poke();
  }
}

/** A receiver on a simulated host that accepts everything and writes to memory. */
export class SimulatedReceiver {
  readonly events: SessionEvent[] = [];
  readonly #sim: Simulation;
  readonly session: ReceiverSession;
  readonly #driver: Driver<SessionEvent>;
  file = new Uint8Array(0);

  constructor(sim: Simulation, host: Host, code: Code, options: PeerOptions) {
    this.#sim = sim;
    this.session = new ReceiverSession(
      {
        ...sessionOptions(sim, host, 'receiver', 6000),
        code,
        searchFor: options.server === undefined ? millis(5000) : undefined,
        ...options,
      },
      sim.now,
    );
    this.#driver = run(host, this.session, 6000, (event) => this.#onEvent(event));
  }

  get finished(): boolean {
    return find(this.events, 'finished') !== undefined;
  }

  get failure(): string | undefined {
    return find(this.events, 'failed')?.code;
  }

  get ended(): boolean {
    return this.finished || this.failure !== undefined;
  }

  get paths(): string[] {
    return pathsOf(this.events);
  }

  addServer(server: Endpoint): void {
    this.session.addServer(server, this.#sim.now);
    this.#driver.poke();
  }

  stop(): void {
    this.#driver.stop();
  }

  #onEvent(event: SessionEvent): void {
    const { now } = this.#sim;
    if (event.kind !== 'write') this.events.push(event);
    if (event.kind === 'offer') {
      this.file = new Uint8Array(event.offer.totalBytes);
      this.session.accept(now);
    } else if (event.kind === 'write') {
      this.file.set(event.bytes, event.offset);
      this.session.handleWritten(event.entry, event.offset, event.bytes.length, now);
    } else if (event.kind === 'complete') this.session.handlePublished(now);
    this.#driver.poke();
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

function sessionOptions(
  sim: Simulation,
  host: Host,
  name: string,
  port: number,
): Omit<SessionOptions, 'policy'> & { policy: SessionOptions['policy'] } {
  const random = sim.random.fork(name);
  return {
    crypto: createCrypto(random),
    random,
    hasher,
    suites: [CipherSuite.aes256Gcm, CipherSuite.chacha20Poly1305],
    policy: 'any',
    localEndpoints: [host.endpoint(port)],
    interfaces: [{ address: host.address, prefixLength: 24 }],
  };
}

function run(
  host: Host,
  machine: Machine<SessionEvent>,
  port: number,
  onEvent: (event: SessionEvent) => void,
): Driver<SessionEvent> {
  return host.run(machine, { port, onEvent });
}

function find<Kind extends SessionEvent['kind']>(
  events: readonly SessionEvent[],
  kind: Kind,
): Extract<SessionEvent, { kind: Kind }> | undefined {
  return events.find(
    (event): event is Extract<SessionEvent, { kind: Kind }> => event.kind === kind,
  );
}

function pathsOf(events: readonly SessionEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'path' ? [event.path.kind] : []));
}
