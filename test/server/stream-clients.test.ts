import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunningServer, ServeOptions } from '../../src/client/api/options.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { parseServerAddress } from '../../src/io/network/resolve-server.ts';
import { openUdpSocket } from '../../src/io/network/udp-socket.ts';
import { decodeReply } from '../../src/protocol/rendezvous/replies.ts';
import { encodeRegister } from '../../src/protocol/rendezvous/requests.ts';
import { FOREIGN_STREAM } from '../../src/protocol/wire/endpoint.ts';
import { serve } from '../../src/server/serve.ts';
import { closing, dial, nextBatch, say } from '../io/support/websockets.ts';
import { certificate, certificateFiles } from '../support/certificate.ts';

async function start(options: ServeOptions = {}): Promise<RunningServer & { port: number }> {
  const server = closing(await serve({ listen: '127.0.0.1:0', ...options }));
  const { port } = parseServerAddress(server.endpoints[0] as string);
  return Object.assign(server, { port });
}

function register(token: Uint8Array): Uint8Array {
  const head = { txid: systemRandom.bytes(8), token };
  const ownerSecret = systemRandom.bytes(16);
  return encodeRegister(head, { ownerSecret, wanted: 0, isOpen: false, hello: Uint8Array.of(1) });
}

describe('a server that is reached by TCP', () => {
  it.each([false, true])('registers who comes by TCP as it does by UDP (TLS: %s)', async (tls) => {
    const server = await start({ tls: certificateFiles });
    const channel = await dial(
      { address: '127.0.0.1', port: server.port },
      { tls, ca: certificate.cert },
    );
    const challenge = nextBatch(channel);
    say(channel, channel.remote, register(new Uint8Array(16)));
    const challenged = decodeReply(await challenge)?.reply;
    if (challenged?.kind !== 'challenge') expect.fail('no challenge');
    const registered = nextBatch(channel);
    say(channel, channel.remote, register(challenged.token));
    expect(decodeReply(await registered)?.reply).toMatchObject({
      kind: 'registered',
      observed: { ...channel.local, base: FOREIGN_STREAM },
    });
    expect(server.stats()).toMatchObject({ 'live.registrations': 1, 'websocket.open': 1 });
  });

  it('does not start where the port is taken for TCP', async () => {
    const taken = createServer();
    const blocker = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
    const { port } = blocker.address;
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    await blocker.close();
    closing(taken);
    await expect(serve({ listen: `127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'P2P_LOCAL_IO',
      message: `cannot listen on 127.0.0.1:${port} for TCP`,
    });
    // And has let go of the port for UDP.
    const again = await openUdpSocket({ family: 'udp4', address: '127.0.0.1', port });
    await again.close();
  });

  it.each([
    ['there are none', { cert: '/nonexistent.pem', key: certificateFiles.key }],
    ['they are mixed up', { cert: certificateFiles.key, key: certificateFiles.cert }],
    ['they are something else', { cert: import.meta.filename, key: join(import.meta.filename) }],
  ])('does not start with a certificate and key when %s', async (_what, tls) => {
    await expect(serve({ listen: '127.0.0.1:0', tls })).rejects.toMatchObject({
      code: 'P2P_USAGE',
    });
  });
});
