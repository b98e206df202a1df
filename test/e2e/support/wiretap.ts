import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Stands between clients and a server on loopback, and keeps every byte that either says. */
export class Wiretap {
  readonly #server: { readonly address: string; readonly port: number };
  readonly #front: Socket;
  /** For each client the socket by which the server knows it. */
  readonly #backs = new Map<string, Socket>();
  readonly #heard: Buffer[] = [];

  private constructor(server: string, front: Socket) {
    const [address = '', port] = server.split(':');
    this.#server = { address, port: Number(port) };
    this.#front = front;
    front.on('message', (packet, client) => {
      this.#heard.push(packet);
      this.#back(client).send(packet, this.#server.port, this.#server.address);
    });
  }

  /** `server`: its endpoint, IPv4. */
  static async listen(server: string): Promise<Wiretap> {
    return new Wiretap(server, await bound());
  }

  /** What clients are to be told as the server. */
  get endpoint(): string {
    return `127.0.0.1:${this.#front.address().port}`;
  }

  get heard(): Buffer {
    return Buffer.concat(this.#heard);
  }

  close(): void {
    this.#front.close();
    for (const back of this.#backs.values()) back.close();
  }

  #back(client: { readonly address: string; readonly port: number }): Socket {
    const key = `${client.address}:${client.port}`;
    const known = this.#backs.get(key);
    if (known !== undefined) return known;
    const back = createSocket('udp4');
    back.on('message', (packet) => {
      this.#heard.push(packet);
      this.#front.send(packet, client.port, client.address);
    });
    this.#backs.set(key, back);
    return back;
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  const listening = once(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  await listening;
  return socket;
}
