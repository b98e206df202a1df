import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningServer, SendOptions } from '../../src/client/api/options.ts';
import type { Transfer } from '../../src/client/api/transfer-handle.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import { serve } from '../../src/server/serve.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { seededText } from '../support/seeded-text.ts';

const MIB = 2 ** 20;

let server: RunningServer;
let folder: string;

beforeEach(async () => {
  server = await serve({ listen: '127.0.0.1:0' });
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-stream-'));
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('receiving into a stream', () => {
  it.each([0, 1, 5 * MIB + 1])('brings all of %d bytes in order', async (size) => {
    const bytes = new SeededRandom(size).bytes(size);
    const chunks: Uint8Array[] = [];
    const out = new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        chunks.push(Uint8Array.from(chunk));
        setImmediate(done);
      },
    });
    const { sender, receiver } = await transfer(bytes, out);
    const result = await receiver.result;
    await sender.result;
    expect(result).toMatchObject({ files: ['-'], bytes: size });
    expect(Buffer.compare(Buffer.concat(chunks), bytes)).toBe(0);
    expect(out.writableEnded).toBe(false);
    expect(await readdir(folder)).toEqual(['report.bin']);
  });

  it('hands the stream no chunk before it has taken the one before', async () => {
    let most = 0;
    let longest = 0;
    const out: Writable = new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        longest = Math.max(longest, chunk.length);
        most = Math.max(most, out.writableLength);
        setImmediate(done);
      },
    });
    const { sender, receiver } = await transfer(new Uint8Array(32 * MIB), out);
    await receiver.result;
    await sender.result;
    expect(longest).toBeLessThan(32 * MIB);
    expect(most).toBe(longest);
  });

  it('ends both sides when nobody reads any more', async () => {
    let count = 0;
    const out: Writable = new Writable({
      write(_chunk, _encoding, done) {
        count += 1;
        done(count > 2 ? Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }) : null);
      },
    });
    const { sender, receiver } = await transfer(new Uint8Array(32 * MIB), out);
    await expect(receiver.result).rejects.toMatchObject({ code: 'P2P_CANCELLED' });
    await expect(sender.result).rejects.toMatchObject({ code: 'P2P_CANCELLED' });
    expect(count).toBe(3);
  });

  it('tells of a disk that is full behind the stream', async () => {
    const out = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
      },
    });
    const { sender, receiver } = await transfer(new Uint8Array(MIB), out);
    await expect(receiver.result).rejects.toMatchObject({ code: 'P2P_DISK_FULL' });
    await expect(sender.result).rejects.toMatchObject({ code: 'P2P_DISK_FULL' });
  });

  it('refuses a stream that is closed before the code is spent', async () => {
    const out = new PassThrough().end();
    const receiver = receive({ code: '48213-acorn-velvet-harbor', out });
    await expect(receiver.result).rejects.toMatchObject({ code: 'P2P_TARGET_UNWRITABLE' });
  });
});

describe('a stream that is sent into a stream', () => {
  it('arrives as it comes', async () => {
    const [stream, out] = [new PassThrough(), new PassThrough()];
    const { sender, receiver } = await joined({ paths: [], input: { stream, name: 'log' } }, out);
    const heard = async () => String(((await once(out, 'data')) as [Buffer])[0]);
    for (const line of ['one\n', 'two, once the first is there\n', 'three\n']) {
      stream.write(line);
      expect(await heard()).toBe(line);
    }
    stream.end('the end\n');
    expect(await heard()).toBe('the end\n');
    const { files, bytes } = await receiver.result;
    expect([files, bytes, (await sender.result).bytes]).toEqual([['-'], 47, 47]);
  });

  it('is whole however it comes, compressed and not', async () => {
    const random = new SeededRandom(11);
    const text = [...Array(300).keys()].map((i) =>
      seededText(random, 1 + random.integer(1 + i ** 2)),
    );
    const [stream, out] = [Readable.from(slowly(text)), new PassThrough()];
    const limited = { paths: [], input: { stream, name: 'log' }, limit: 2 * MIB };
    const { sender, receiver } = await joined(limited, out);
    const chunks: Uint8Array[] = [];
    out.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    await receiver.result;
    await sender.result;
    expect(Buffer.compare(Buffer.concat(chunks), Buffer.concat(text))).toBe(0);
  });
});

/** With a pause of a moment and more now and then. */
async function* slowly(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const [index, piece] of pieces.entries()) {
    if (index % 30 === 0) await delay(150);
    yield piece;
  }
}

describe('a stream that hands on what it takes', () => {
  it('leaves what it has handed over to whoever reads it', async () => {
    const bytes = new SeededRandom(7).bytes(12 * MIB);
    const out = new PassThrough();
    const chunks: Uint8Array[] = [];
    out.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    const { sender, receiver } = await transfer(bytes, out);
    await receiver.result;
    await sender.result;
    expect(Buffer.compare(Buffer.concat(chunks), bytes)).toBe(0);
  });
});

describe('a stream that takes nothing for a while', () => {
  // F39, at its slowest: whose doing it is that nothing moves is told at both ends.
  it('says on both sides that it is slow', { timeout: 30_000 }, async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const out = new Writable({
      write(_chunk, _encoding, done) {
        void released.then(() => done());
      },
    });
    const bytes = new SeededRandom(1).bytes(4 * MIB);
    const { sender, receiver } = await transfer(Buffer.concat(Array(24).fill(bytes)), out);
    const causes = await Promise.all([stallOf(receiver), stallOf(sender)]);
    expect(causes).toEqual(['disk', 'peer']);
    release();
    await receiver.result;
    await sender.result;
  });
});

/** What it waits for, once it stands still. */
async function stallOf(transfer: Transfer): Promise<string | undefined> {
  for await (const event of transfer) {
    if (event.event === 'status' && event.phase === 'stalled') return event.cause;
  }
  return undefined;
}

async function transfer(
  bytes: Uint8Array,
  out: NodeJS.WritableStream,
): Promise<{ readonly sender: Transfer; readonly receiver: Transfer }> {
  const file = join(folder, 'report.bin');
  await writeFile(file, bytes);
  return await joined({ paths: [file] }, out);
}

async function joined(
  what: SendOptions,
  out: NodeJS.WritableStream,
): Promise<{ readonly sender: Transfer; readonly receiver: Transfer }> {
  const common = { servers: server.endpoints, lan: false };
  const sender = send({ ...common, ...what });
  for await (const event of sender) {
    if (event.event === 'code')
      return { sender, receiver: receive({ ...common, code: event.code, out }) };
  }
  throw new Error('the sender has no code');
}
