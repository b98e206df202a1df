// The yardstick: a file over one TCP connection of node:net, sealed with AES-256-GCM in chunks of
// 64 KiB, as plain as a careful program would write it, and durable at the end like ours.
//   node tcp.mjs receive OUT [ADDRESS]          prints {"port":…}, then {"ms":…} when the file is durable
//   node tcp.mjs send PORT FILE [ADDRESS]
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { once } from 'node:events';
import { open, rename } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

const CHUNK = 64 * 1024;
const TAG = 16;
const LOOPBACK = '127.0.0.1';
const READ = 1024 * 1024;
// Both ends have it from somewhere: this measures the data path, not a key exchange.
const KEY = createSecretKey(Buffer.alloc(32, 7));

async function send(port, path, host) {
  const file = await open(path);
  const { size } = await file.stat();
  const socket = createConnection({ port, host, noDelay: true });
  await once(socket, 'connect');
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(BigInt(size));
  socket.write(head);
  let number = 0;
  for (let at = 0; at < size; at += READ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ, size - at));
    await file.read(buffer, 0, buffer.length, at);
    for (let from = 0; from < buffer.length; from += CHUNK) {
      const cipher = createCipheriv('aes-256-gcm', KEY, nonce(number));
      number += 1;
      socket.write(cipher.update(buffer.subarray(from, from + CHUNK)));
      cipher.final();
      if (!socket.write(cipher.getAuthTag())) await once(socket, 'drain');
    }
  }
  socket.end();
  await once(socket, 'close');
  await file.close();
}

async function receive(path, host) {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);
  const [socket] = await once(server, 'connection');
  server.close();
  const start = performance.now();
  const file = await open(`${path}.part`, 'w');
  await new Receiver(file).run(socket);
  await file.sync();
  await file.close();
  await rename(`${path}.part`, path);
  const folder = await open(dirname(path));
  await folder.sync();
  await folder.close();
  process.stdout.write(`${JSON.stringify({ ms: performance.now() - start })}\n`);
}

class Receiver {
  #file;
  #pieces = [];
  #have = 0;
  #number = 0;
  #written = 0;
  #waiting = [];
  #waitingBytes = 0;

  constructor(file) {
    this.#file = file;
  }

  async run(socket) {
    let size;
    for await (const piece of socket) {
      this.#pieces.push(piece);
      this.#have += piece.length;
      if (size === undefined && this.#have >= 8) size = Number(this.#take(8).readBigUInt64BE());
      if (size !== undefined) await this.#open(size);
    }
    await this.#flush();
    if (this.#written !== size) throw new Error(`got ${this.#written} of ${size} bytes`);
  }

  async #open(size) {
    for (;;) {
      const left = size - this.#written - this.#waitingBytes;
      const length = Math.min(CHUNK, left);
      if (length === 0 || this.#have < length + TAG) return;
      const sealed = this.#take(length + TAG);
      const decipher = createDecipheriv('aes-256-gcm', KEY, nonce(this.#number));
      this.#number += 1;
      decipher.setAuthTag(sealed.subarray(length));
      this.#waiting.push(decipher.update(sealed.subarray(0, length)));
      decipher.final();
      this.#waitingBytes += length;
      if (this.#waitingBytes >= READ) await this.#flush();
    }
  }

  async #flush() {
    if (this.#waitingBytes === 0) return;
    await this.#file.writev(this.#waiting, this.#written);
    this.#written += this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #take(length) {
    const all = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    this.#have = all.length - length;
    this.#pieces = this.#have === 0 ? [] : [all.subarray(length)];
    return all.subarray(0, length);
  }
}

function nonce(number) {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(number, 8);
  return bytes;
}

const [role, ...rest] = process.argv.slice(2);
if (role === 'receive') await receive(rest[0], rest[1] ?? LOOPBACK);
else await send(Number(rest[0]), rest[1], rest[2] ?? LOOPBACK);
