// A file over a QUIC stream of @number0/iroh; its bytes pass through arrays of numbers.
//   node iroh.mjs receive OUT BYTES PACKAGES    prints {"id":…,"addresses":[…]}, then {"ms":…}
//   node iroh.mjs send {"id":…,"addresses":[…]} FILE PACKAGES
import { open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

const [role, ...args] = process.argv.slice(2);
const { Endpoint, EndpointAddr, EndpointId, RelayMode } = createRequire(`${args.at(-1)}/`)(
  '@number0/iroh',
);
const PIECE = 256 * 1024;
const ALPN = [...Buffer.from('p2pshare-bench')];

if (role === 'receive') await receive(args[0], Number(args[1]));
else await send(JSON.parse(args[0]), args[1]);

async function bind() {
  const builder = Endpoint.builder();
  builder.applyMinimal();
  builder.alpns([ALPN]);
  builder.relayMode(RelayMode.disabled());
  builder.bindAddr('127.0.0.1:0');
  return await builder.bind();
}

async function receive(path, bytes) {
  const endpoint = await bind();
  const addresses = endpoint.boundSockets().filter((each) => each.startsWith('127.'));
  process.stdout.write(`${JSON.stringify({ id: endpoint.id().toString(), addresses })}\n`);
  const incoming = await endpoint.acceptNext();
  const connection = await (await incoming.accept()).connect();
  const stream = await connection.acceptUni();
  const start = performance.now();
  const file = await open(path, 'w');
  for (let left = bytes; left > 0; ) {
    const piece = Buffer.from(await stream.read(PIECE));
    await file.write(piece);
    left -= piece.length;
  }
  await file.close();
  process.stdout.write(`${JSON.stringify({ ms: performance.now() - start })}\n`);
  process.exit(0);
}

async function send({ id, addresses }, path) {
  const endpoint = await bind();
  const address = new EndpointAddr(EndpointId.fromString(id), undefined, addresses);
  const connection = await endpoint.connect(address, ALPN);
  const stream = await connection.openUni();
  const file = await open(path);
  const { size } = await file.stat();
  const buffer = Buffer.alloc(PIECE);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(buffer, 0, PIECE, at);
    await stream.writeAll([...buffer.subarray(0, bytesRead)]);
    at += bytesRead;
  }
  await stream.finish();
  await connection.closed();
  process.exit(0);
}
