import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.ts';
import type { HostName } from './lab-topology.ts';

export interface LabEndpoint {
  readonly address: string;
  readonly port: number;
}

export interface LabDatagram extends LabEndpoint {
  readonly text: string;
}

const SCRIPT = fileURLToPath(new URL('lab-socket.mjs', import.meta.url));
const PATIENCE_MS = 5_000;

/** A UDP socket on a host of a lab, for tests that say what is sent when. It ends with the lab. */
export class LabSocket {
  readonly #child: ChildProcess;
  readonly #told = new EventEmitter();
  readonly #inbox: LabDatagram[] = [];
  #port = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message: LabDatagram | { port: number } | { sent: true }) => {
      if ('text' in message) this.#inbox.push(message);
      else if ('port' in message) this.#port = message.port;
      this.#told.emit('sent' in message ? 'sent' : 'received');
    });
  }

  static async open(lab: Lab, host: HostName): Promise<LabSocket> {
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
    const child = lab.run(host, process.execPath, [SCRIPT], { stdio: [...stdio] });
    const socket = new LabSocket(child);
    await socket.#next('received');
    return socket;
  }

  /** The port that it has on its host. */
  get port(): number {
    return this.#port;
  }

  /** Resolves when the datagram is on its way, which is over after `ttl` hops. */
  async send(text: string, { address, port }: LabEndpoint, ttl = 64): Promise<void> {
    const sent = this.#next('sent');
    this.#child.send({ text, address, port, ttl });
    await sent;
  }

  /** The first datagram that has not been taken yet. */
  async receive(): Promise<LabDatagram> {
    while (this.#inbox.length === 0) await this.#next('received');
    return this.#inbox.shift() as LabDatagram;
  }

  async #next(event: 'sent' | 'received'): Promise<void> {
    await once(this.#told, event, { signal: AbortSignal.timeout(PATIENCE_MS) });
  }
}
