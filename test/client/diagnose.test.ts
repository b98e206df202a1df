import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunningServer } from '../../src/client/api/options.ts';
import { diagnose } from '../../src/client/diagnose.ts';
import { send } from '../../src/client/send.ts';
import { udpOffload } from '../../src/io/network/udp-offload.ts';
import { openMessage } from '../../src/protocol/rendezvous/message.ts';
import { encodeError } from '../../src/protocol/rendezvous/replies.ts';
import { serve } from '../../src/server/serve.ts';
import { certificateFiles } from '../support/certificate.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server on loopback; yields where it is. */
async function server(): Promise<string> {
  const running: RunningServer = await serve({ listen: '127.0.0.1:0' });
  closing.push(() => running.close());
  return running.endpoints[0] as string;
}

/** A socket that does with packets what it is told; yields where it is. */
async function strange(answer: (packet: Uint8Array) => Uint8Array | undefined): Promise<string> {
  const socket: Socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.on('message', (packet, { port, address }) => {
    const reply = answer(packet);
    if (reply !== undefined) socket.send(reply, port, address);
  });
  closing.push(async () => {
    socket.close();
  });
  return `127.0.0.1:${socket.address().port}`;
}

describe('a diagnosis', () => {
  it('says how a server is reached', async () => {
    const name = await server();
    const { servers } = await diagnose({ servers: [name] });
    expect(servers).toMatchObject([
      { server: name, endpoints: [{ endpoint: name, udp: 'answered' }] },
    ]);
    const { observed, rtt, mtu } = servers[0]?.endpoints[0] ?? {};
    expect(observed).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(rtt).toMatchObject({ asked: 8, answered: 8 });
    expect(rtt?.medianMs).toBeGreaterThanOrEqual(rtt?.minMs ?? Number.NaN);
    expect(mtu).toBe((await udpOffload()) === undefined ? null : 1500);
  });

  it('knows that a server of this machine shows nothing of the internet', async () => {
    const { nat, expect: expected, advice } = await diagnose({ servers: [await server()] });
    expect(nat).toMatchObject({
      scope: 'private',
      translated: false,
      publicAddresses: ['127.0.0.1'],
      mapping: 'endpoint-independent',
    });
    expect(expected).toEqual([]);
    expect(advice).toEqual(['name-a-server']);
  });

  it('has something to say where no server is named', async () => {
    expect(await diagnose()).toMatchObject({ servers: [], nat: null, advice: ['name-a-server'] });
  });

  it('tells a server of another version from none', async () => {
    const name = await strange((packet) => {
      const txid = openMessage(new Uint8Array(packet))?.txid;
      return txid && encodeError(txid, 'version');
    });
    const { servers, nat, advice } = await diagnose({ servers: [name] });
    expect(servers[0]?.endpoints).toMatchObject([{ udp: 'other-version', rtt: null, mtu: null }]);
    expect({ nat, advice }).toEqual({ nat: null, advice: ['update'] });
  });

  it('asks the first server that answers what the NATs do, though another one is silent', async () => {
    const silent = await strange(() => undefined);
    const { servers, nat } = await diagnose({ servers: [silent, await server()] });
    const answers = servers.flatMap(({ endpoints }) => endpoints.map(({ udp }) => udp));
    expect(answers).toEqual(['unanswered', 'answered']);
    expect(nat?.serverAddresses).toBe(1);
  });

  it('takes no name that is none for a server', async () => {
    await expect(diagnose({ servers: ['a:b:c'] })).rejects.toMatchObject({ code: 'P2P_USAGE' });
  });

  it('ends when it is aborted, beforehand as well', async () => {
    const controller = new AbortController();
    const name = await strange(() => {
      controller.abort();
      return undefined;
    });
    const { signal } = controller;
    const cancelled = { code: 'P2P_CANCELLED' };
    await expect(diagnose({ servers: [name], signal })).rejects.toMatchObject(cancelled);
    await expect(diagnose({ servers: [name], signal })).rejects.toMatchObject(cancelled);
  });
});

describe('a diagnosis of the way by TCP', () => {
  it('says whether the connection comes about that stands in for UDP', async () => {
    const plain = await serve({ listen: '127.0.0.1:0' });
    const secure = await serve({ listen: '127.0.0.1:0', tls: certificateFiles });
    closing.push(
      () => plain.close(),
      () => secure.close(),
    );
    const [, port] = (secure.endpoints[0] as string).split(':');
    const names = [plain.endpoints[0] as string, `wss://localhost:${port}`];
    const { servers } = await diagnose({ servers: names });
    expect(servers.map(({ stream }) => stream)).toEqual([
      { works: true, tls: false, proxied: false },
      // Nobody here vouches for that certificate.
      { works: false, tls: true, proxied: false },
    ]);
  });
});

describe('two diagnoses with one code', () => {
  it('meet, and say the same of the way between them', async () => {
    const servers = [await server()];
    let tell: (code: string) => void = () => undefined;
    const offered = new Promise<string>((resolve) => {
      tell = resolve;
    });
    const asked = diagnose({ servers, peer: { onCode: (code) => tell(code) } });
    const [a, b] = await Promise.all([asked, diagnose({ servers, peer: { code: await offered } })]);
    expect(a.pair).toMatchObject({ expect: 'direct', path: { kind: 'direct' } });
    expect(b.pair).toMatchObject({ expect: 'direct', path: { kind: 'direct' } });
    expect(a.pair?.own).toEqual(b.pair?.peer);
  });

  it('are needed: the code of a file is none for a diagnosis', async () => {
    const servers = [await server()];
    const sent = send({ paths: [fileURLToPath(import.meta.url)], servers, lan: false });
    for await (const event of sent) {
      if (event.event !== 'code') continue;
      const asked = diagnose({ servers, peer: { code: event.code } });
      await expect(asked).rejects.toMatchObject({ code: 'P2P_USAGE' });
    }
    await expect(sent.result).rejects.toMatchObject({ code: 'P2P_DECLINED' });
  });
});
