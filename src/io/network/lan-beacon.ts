import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  decodeDiscover,
  decodeHere,
  encodeDiscover,
  encodeHere,
} from '../../protocol/rendezvous/lan-discovery.ts';
import { TRANSACTION_ID_BYTES } from '../../protocol/rendezvous/message.ts';
import { type Endpoint, endpointKey } from '../../protocol/wire/endpoint.ts';
import { lanInterfaces } from './lan-beacon-interfaces.ts';

/** Administratively scoped (RFC 2365 §6.1), so that no router carries it out of the site. */
export const LAN_GROUP = '239.192.94.20';
export const LAN_PORT = 9421;

interface LanOptions {
  readonly nameplate: number;
  /** IPv4 addresses of the interfaces to use; see `lanInterfaces` for what is used without. */
  readonly interfaces?: readonly string[];
  readonly port?: number;
  /** LAN discovery does not work here, for this error code of the system. Nothing else is harmed. */
  readonly onUnavailable?: (code: string) => void;
}

export interface LanResponderOptions extends LanOptions {
  /** Sends HERE from the session's own socket: its source is where the guest will claim. */
  readonly answer: (packet: Uint8Array, remote: Endpoint) => void;
}

/** The sender's side: hears DISCOVER on every interface and answers the one for its nameplate. */
export class LanResponder {
  readonly #options: LanResponderOptions;
  readonly #joined = new Set<string>();
  readonly #unavailable: (code: string) => void;
  #socket: Socket | undefined;
  #refresh: NodeJS.Timeout | undefined;
  #answers = 0;

  constructor(options: LanResponderOptions) {
    this.#options = options;
    this.#unavailable = firstOnly(options.onUnavailable);
  }

  /** Never rejects: a machine that cannot listen has no LAN discovery. */
  async start(): Promise<void> {
    const { port = LAN_PORT } = this.#options;
    // Bound to the group, where the system can do that, it is out of reach of unicast from afar.
    const address = process.platform === 'win32' ? '0.0.0.0' : LAN_GROUP;
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    if (!(await bind(socket, address, port, this.#unavailable))) return;
    this.#socket = socket;
    socket.on('message', (packet, remote) => this.#hear(packet, remote));
    this.#join();
    this.#refresh = setInterval(() => this.#join(), limits.refreshMs).unref();
  }

  /** The port it listens on; `undefined` while it does not. */
  get port(): number | undefined {
    return this.#socket?.address().port;
  }

  async close(): Promise<void> {
    clearInterval(this.#refresh);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) await closed(socket);
  }

  /** Joins on interfaces that have come up, and lets answers flow again. */
  #join(): void {
    this.#answers = 0;
    const present = lanInterfaces(this.#options.interfaces);
    for (const address of this.#joined)
      if (!present.includes(address)) this.#joined.delete(address);
    for (const address of present) {
      if (this.#joined.has(address)) continue;
      try {
        this.#socket?.addMembership(LAN_GROUP, address);
      } catch (error) {
        // Several addresses of one interface share a membership: EADDRINUSE.
        if (codeOf(error) !== 'EADDRINUSE') continue;
      }
      this.#joined.add(address);
    }
    if (this.#joined.size === 0) this.#unavailable('ENODEV');
  }

  #hear(packet: Uint8Array, remote: Endpoint): void {
    const discover = decodeDiscover(packet);
    if (discover?.nameplate !== this.#options.nameplate || remote.port === 0) return;
    if (this.#answers >= limits.answers) return;
    this.#answers += 1;
    this.#options.answer(encodeHere(discover), remote);
  }
}

export interface LanSearcherOptions extends LanOptions {
  /** The rendezvous of the wanted nameplate; called once for each endpoint. */
  readonly onFound: (endpoint: Endpoint) => void;
}

/**
 * The receiver's side: asks on every interface from a small socket of its own, to which HERE comes
 * back. Asking from the session's socket would mean switching its multicast interface between sends.
 */
export class LanSearcher {
  readonly #options: LanSearcherOptions;
  readonly #txid = Uint8Array.from(randomBytes(TRANSACTION_ID_BYTES));
  readonly #sockets = new Map<string, Socket>();
  readonly #found = new Set<string>();
  readonly #unavailable: (code: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #asked = 0;
  #stopped = false;
  #asking: Promise<void> = Promise.resolve();

  constructor(options: LanSearcherOptions) {
    this.#options = options;
    this.#unavailable = firstOnly(options.onUnavailable);
  }

  /** Asks at once, four times more every quarter of a second, then every second until stopped. */
  start(): void {
    this.#asking = this.#asking.then(() => this.#ask());
    const delay = this.#asked < limits.quickRepeats ? limits.quickMs : limits.slowMs;
    this.#asked += 1;
    this.#timer = setTimeout(() => this.start(), delay);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#asking;
    await Promise.all([...this.#sockets.values()].map(closed));
    this.#sockets.clear();
  }

  async #ask(): Promise<void> {
    const { nameplate, port = LAN_PORT, interfaces } = this.#options;
    const addresses = lanInterfaces(interfaces).slice(0, limits.interfaces);
    const codes = await Promise.all(addresses.map((address) => this.#open(address)));
    if (this.#stopped) return;
    const discover = encodeDiscover({ txid: this.#txid, nameplate });
    for (const socket of this.#sockets.values()) socket.send(discover, port, LAN_GROUP);
    if (this.#sockets.size === 0) this.#unavailable(codes[0] ?? 'ENODEV');
  }

  /** Sees to it that there is a socket on this interface; yields an error code where there is none. */
  async #open(address: string): Promise<string | undefined> {
    if (this.#stopped || this.#sockets.has(address)) return undefined;
    let code: string | undefined;
    const socket = createSocket({ type: 'udp4' });
    const onError = (error: string) => {
      code = error;
      // The interface is gone, say: when it is back, it gets a new socket.
      if (this.#sockets.delete(address)) socket.close();
    };
    if (!(await bind(socket, address, 0, onError))) return code;
    socket.on('message', (packet, remote) => this.#hear(packet, remote));
    try {
      socket.setMulticastInterface(address);
      socket.setMulticastTTL(1);
    } catch (error) {
      // The interface has gone meanwhile, or the system lets nobody choose one.
      socket.close();
      return codeOf(error);
    }
    this.#sockets.set(address, socket);
    return undefined;
  }

  #hear(packet: Uint8Array, { address, port }: Endpoint): void {
    const here = decodeHere(packet);
    if (this.#stopped || here?.nameplate !== this.#options.nameplate || port === 0) return;
    if (!Buffer.from(this.#txid).equals(here.txid)) return;
    const endpoint = { address, port };
    if (this.#found.has(endpointKey(endpoint)) || this.#found.size >= limits.found) return;
    this.#found.add(endpointKey(endpoint));
    this.#options.onFound(endpoint);
  }
}

export const limits = {
  /** One socket for each interface when searching. */
  interfaces: 16,
  /** Endpoints taken for the wanted rendezvous: a sender has a few interfaces; the rest are lies. */
  found: 16,
  /** Answers in one `refreshMs`, so that a made-up source cannot be flooded through us. */
  answers: 100,
  /** How often the responder looks for new interfaces. */
  refreshMs: 5000,
  quickRepeats: 4,
  quickMs: 250,
  slowMs: 1000,
} as const;

/** Whether that worked; if not, the socket is closed. `onError` hears of all later errors too. */
async function bind(
  socket: Socket,
  address: string,
  port: number,
  onError: (code: string) => void,
): Promise<boolean> {
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address, port });
    await listening;
    socket.on('error', (error) => onError(codeOf(error)));
    return true;
  } catch (error) {
    socket.close();
    onError(codeOf(error));
    return false;
  }
}

function firstOnly(report: ((code: string) => void) | undefined): (code: string) => void {
  let reported = false;
  return (code) => {
    if (!reported) report?.(code);
    reported = true;
  };
}

async function closed(socket: Socket): Promise<void> {
  const close = once(socket, 'close');
  socket.close();
  await close;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
