// A file over a WebRTC data channel of node-datachannel (SCTP over DTLS); signals over TCP.
//   node datachannel.mjs receive OUT BYTES PACKAGES    prints {"port":…}, then {"ms":…}
//   node datachannel.mjs send PORT FILE PACKAGES
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';
import { createConnection, createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { createInterface } from 'node:readline';

const [role, ...args] = process.argv.slice(2);
const { PeerConnection } = createRequire(`${args.at(-1)}/`)('node-datachannel');
const MESSAGE_BYTES = 64 * 1024;
const MAX_BUFFERED = 4 * 2 ** 20;

if (role === 'receive') await receive(args[0], Number(args[1]));
else await send(Number(args[0]), args[1]);

async function receive(path, bytes) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);
  const [socket] = await once(server, 'connection');
  const peer = connect(socket);
  const file = createWriteStream(path);
  const channel = await new Promise((resolve) => peer.onDataChannel(resolve));
  const start = performance.now();
  let left = bytes;
  await new Promise((resolve) => {
    channel.onMessage((piece) => {
      file.write(piece);
      left -= piece.length;
      if (left === 0) resolve();
    });
  });
  file.end();
  await once(file, 'finish');
  process.stdout.write(`${JSON.stringify({ ms: performance.now() - start })}\n`);
  process.exit(0);
}

async function send(port, path) {
  const socket = createConnection(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('close', () => process.exit(0));
  const channel = connect(socket).createDataChannel('file');
  await new Promise((resolve) => channel.onOpen(resolve));
  channel.setBufferedAmountLowThreshold(MAX_BUFFERED / 2);
  for await (const piece of createReadStream(path, { highWaterMark: MESSAGE_BYTES })) {
    channel.sendMessageBinary(piece);
    if (channel.bufferedAmount() < MAX_BUFFERED) continue;
    await new Promise((resolve) => channel.onBufferedAmountLow(resolve));
  }
}

function connect(socket) {
  const peer = new PeerConnection(role, { iceServers: [], maxMessageSize: MESSAGE_BYTES });
  const say = (message) => socket.write(`${JSON.stringify(message)}\n`);
  peer.onLocalDescription((sdp, type) => say({ sdp, type }));
  peer.onLocalCandidate((candidate, mid) => say({ candidate, mid }));
  createInterface({ input: socket }).on('line', (line) => {
    const { sdp, type, candidate, mid } = JSON.parse(line);
    if (sdp !== undefined) peer.setRemoteDescription(sdp, type);
    else peer.addRemoteCandidate(candidate, mid);
  });
  return peer;
}
