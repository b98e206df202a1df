// A file over udx-native: reliable and controlled, neither sealed nor checked.
//   node udx.mjs receive OUT BYTES PACKAGES    prints {"port":…}, then {"ms":…}
//   node udx.mjs send PORT FILE PACKAGES
import { createReadStream, createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { pipeline } from 'node:stream/promises';

const [role, ...args] = process.argv.slice(2);
const UDX = createRequire(`${args.at(-1)}/`)('udx-native');
const socket = new UDX().createSocket();
const RECEIVER = 1;
const SENDER = 2;

if (role === 'receive') await receive(args[0], Number(args[1]));
else await send(Number(args[0]), args[1]);

async function receive(path, bytes) {
  socket.bind(0, '127.0.0.1');
  process.stdout.write(`${JSON.stringify({ port: socket.address().port })}\n`);
  const port = await new Promise((resolve) =>
    socket.on('message', (_, from) => resolve(from.port)),
  );
  const stream = socket.udx.createStream(RECEIVER);
  stream.connect(socket, SENDER, port, '127.0.0.1');
  const start = performance.now();
  const file = createWriteStream(path, { highWaterMark: 2 ** 20 });
  let left = bytes;
  await pipeline(async function* () {
    for await (const piece of stream) {
      yield piece;
      left -= piece.length;
      if (left === 0) return;
    }
  }, file);
  process.stdout.write(`${JSON.stringify({ ms: performance.now() - start })}\n`);
  process.exit(0);
}

async function send(port, path) {
  socket.bind(0, '127.0.0.1');
  const stream = socket.udx.createStream(SENDER);
  stream.connect(socket, RECEIVER, port, '127.0.0.1');
  await socket.send(Buffer.from('hello'), port, '127.0.0.1');
  // The receiver ends as soon as it has everything, and says no goodbye.
  stream.on('close', () => process.exit(0));
  stream.on('error', () => process.exit(0));
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), stream);
}
