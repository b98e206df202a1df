import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunningServer, ServerEvent } from '../../src/client/api/options.ts';
import { Driver } from '../../src/io/driver.ts';
import { openUdpSocket } from '../../src/io/network/udp-socket.ts';
import type { Machine, Transmit } from '../../src/protocol/machine.ts';
import { decodeReply, type Reply } from '../../src/protocol/rendezvous/replies.ts';
import { encodeObserve, type ReplySource } from '../../src/protocol/rendezvous/requests.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import { serve } from '../../src/server/serve.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serving(...listen: string[]): Promise<RunningServer> {
  const server = await serve({ listen });
  closing.push(() => server.close());
  return server;
}

function endpointOf(text: string | undefined): Endpoint {
  const [address = '', port = ''] = text?.split(/:(?=\d+$)/) ?? [];
  return { address, port: Number(port) };
}

describe('a server', () => {
  it('answers an OBSERVE from its other port, and says which that is', async () => {
    const server = await serving('127.0.0.1:0');
    const asked = endpointOf(server.endpoints[0]);
    const direct = await observe(asked, 'asked');
    expect(direct.from).toEqual(asked);
    const other = await observe(asked, 'other-port');
    expect(other.from.address).toBe('127.0.0.1');
    expect(other.from.port).not.toBe(asked.port);
    expect(direct.reply).toMatchObject({ alternatePort: other.from.port });
    expect(server.endpoints).toHaveLength(1);
  });

  it('answers from its other address, where it has two', async () => {
    const server = await serving('127.0.0.1:0', '127.0.0.2:0');
    const [first, second] = server.endpoints.map(endpointOf) as [Endpoint, Endpoint];
    expect((await observe(first, 'asked')).reply).toMatchObject({ alternateAddress: second });
    expect((await observe(second, 'asked')).reply).toMatchObject({ alternateAddress: first });
    const far = await observe(first, 'other-address');
    expect(far.from.address).toBe('127.0.0.2');
    expect(far.from.port).not.toBe(first.port);
  });

  it('takes the next port for its alternate', async () => {
    expect((await besideNext()).alternatePort).toBeGreaterThan(0);
  });

  it('takes any free port for its alternate when the next one is taken', async () => {
    const { server, port } = await besideNext();
    await server.close();
    // If somebody else was faster, it is taken all the same.
    await occupied(port + 1).catch(() => undefined);
    const again = await serving(`127.0.0.1:${port}`);
    const { reply } = await observe(endpointOf(again.endpoints[0]), 'asked');
    const { alternatePort } = reply as Extract<Reply, { kind: 'observed' }>;
    expect([0, port, port + 1]).not.toContain(alternatePort);
  });

  it('wants one to four addresses', async () => {
    await expect(serve({ listen: [] })).rejects.toMatchObject({ code: 'P2P_USAGE' });
    const five = Array.from({ length: 5 }, () => '127.0.0.1:0');
    await expect(serve({ listen: five })).rejects.toMatchObject({ code: 'P2P_USAGE' });
  });

  it('does not begin when it is aborted while it opens its sockets', async () => {
    const end = new AbortController();
    const told: string[] = [];
    const onEvent = ({ event }: ServerEvent) => void told.push(event);
    const starting = serve({ listen: '127.0.0.1:0', signal: end.signal, onEvent });
    end.abort();
    await expect(starting).rejects.toMatchObject({ name: 'AbortError' });
    expect(told).toEqual(['closed']);
  });

  it('leaves nothing open when one of its addresses cannot be had', async () => {
    const port = await occupied();
    const free = await freePort();
    const listen = [`127.0.0.1:${free}`, `127.0.0.1:${port}`];
    await expect(serve({ listen })).rejects.toMatchObject({ code: 'P2P_LOCAL_IO' });
    await serving(`127.0.0.1:${free}`);
  });
});

/** A server with its alternate at the next port, which other programs may happen to have. */
async function besideNext() {
  for (let tries = 0; tries < 20; tries += 1) {
    const server = await serving(`127.0.0.1:${await freePort()}`);
    const { address, port } = endpointOf(server.endpoints[0]);
    const { reply } = await observe({ address, port }, 'asked');
    const { alternatePort } = reply as Extract<Reply, { kind: 'observed' }>;
    if (alternatePort === port + 1) return { server, port, alternatePort };
    await server.close();
  }
  throw new Error('never at the next port');
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await once(socket.close(), 'close');
  return port;
}

/** A port that something else listens on. */
async function occupied(port = 0): Promise<number> {
  const socket = createSocket('udp4').bind(port, '127.0.0.1');
  await once(socket, 'listening');
  closing.push(() => void socket.close());
  return socket.address().port;
}

interface Answer {
  readonly from: Endpoint;
  readonly reply: Reply;
}

/** Asks until there is an answer: first with no token, then with that of the challenge. */
async function observe(server: Endpoint, replyFrom: ReplySource): Promise<Answer> {
  const socket = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
  closing.push(() => socket.close());
  return new Promise((resolve) => {
    const machine = new Asker(server, replyFrom);
    const driver = new Driver({ machine, sockets: [socket], onEvent: resolve });
    driver.start();
    closing.push(() => driver.close());
  });
}

class Asker implements Machine<Answer> {
  readonly #server: Endpoint;
  readonly #replyFrom: ReplySource;
  readonly #transmits: Transmit[] = [];
  readonly #answers: Answer[] = [];

  constructor(server: Endpoint, replyFrom: ReplySource) {
    this.#server = server;
    this.#replyFrom = replyFrom;
    this.#ask(new Uint8Array(16));
  }

  handleBatch(batch: Uint8Array, { address, port }: Endpoint): void {
    const reply = decodeReply(batch)?.reply;
    if (reply?.kind === 'challenge') this.#ask(reply.token);
    else if (reply !== undefined) this.#answers.push({ from: { address, port }, reply });
  }

  handleTimeout(): void {}

  pollTransmit(): Transmit | undefined {
    return this.#transmits.shift();
  }

  pollEvent(): Answer | undefined {
    return this.#answers.shift();
  }

  pollTimeout() {
    return undefined;
  }

  #ask(token: Uint8Array): void {
    const txid = new Uint8Array(8).fill(7);
    const payload = encodeObserve({ txid, token }, { replyFrom: this.#replyFrom });
    this.#transmits.push({ remote: this.#server, payload, segmentSize: payload.length });
  }
}
