// A relay by itself: the machine of `p2pshare server` that forwards, on a socket, for pairs that are
// bound already.
//   node relay.mjs    takes {"pairs":[[endpoint, endpoint], …]} on its input, prints {"endpoint":…};
//                     pair n's sides receive under the connection ids 2n and 2n + 1
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { createCrypto } from '../../dist/crypto/node-crypto.js';
import { monotonicNow } from '../../dist/io/clock.js';
import { Driver } from '../../dist/io/driver.js';
import { openUdpSocket } from '../../dist/io/network/udp-socket.js';
import { DEFAULT_RELAY_LIMITS } from '../../dist/protocol/relay/relay-limits.js';
import { RelayServer } from '../../dist/protocol/relay/relay-server.js';
import { connectionId } from './relay-packets.mjs';

const relay = new RelayServer({
  limits: { ...DEFAULT_RELAY_LIMITS, sessionsPerHost: DEFAULT_RELAY_LIMITS.sessions },
  allowPrivate: true,
  equal: createCrypto().equal,
});
const socket = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
const [text] = await once(createInterface({ input: process.stdin }), 'line');
for (const [index, pair] of JSON.parse(text).pairs.entries()) {
  for (const [at, remote] of pair.entries()) {
    const side = at === 0 ? 'owner' : 'claim';
    const id = connectionId(2 * index + at);
    const tokenHash = new Uint8Array(32);
    const source = '127.0.0.1';
    relay.bind(
      { key: `pair ${index}`, side, remote, source, tokenHash, connectionId: id },
      monotonicNow(),
    );
  }
}
const machine = {
  handleBatch(batch, remote, now) {
    for (let at = 0; at < batch.length; ) at = relay.forward(batch, at, remote, now);
  },
  handleTimeout() {},
  pollTransmit: () => relay.pollTransmit(),
  pollEvent: () => undefined,
  pollTimeout: () => undefined,
};
new Driver({ machine, sockets: [socket], onEvent: () => undefined }).start();
process.stdout.write(`${JSON.stringify({ endpoint: socket.address })}\n`);
