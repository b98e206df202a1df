import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KernelSocket, SendOutcome } from '../../../src/io/network/udp-offload.ts';
import { UdpSocket } from '../../../src/io/network/udp-socket.ts';

/** A kernel that segments, as far as the socket can tell, and keeps what it was told to do. */
class RecordingKernel implements KernelSocket {
  readonly fd = -1;
  readonly log: string[] = [];
  agrees = true;
  setSegmentSize(bytes: number): boolean {
    this.log.push(`segment ${bytes}`);
    return this.agrees;
  }
  setDontFragment(on: boolean): boolean {
    this.log.push(on ? 'forbid fragments' : 'allow fragments');
    return true;
  }
  setReuseAddress(): boolean {
    return true;
  }
  send(bytes: Uint8Array): SendOutcome {
    this.log.push(`send ${bytes.length}`);
    return answers.shift() || 'sent';
  }
  receive(): undefined {}
  close(): void {}
}

type SendCallback = (error: Error | null, bytes: number) => void;

let kernel: RecordingKernel;
let raw: Socket;
let socket: UdpSocket;
let errors: string[];
/** What the next system calls answer; success when there is nothing left. */
let answers: string[];
let queued: number;

beforeEach(async () => {
  kernel = new RecordingKernel();
  errors = [];
  answers = [];
  queued = 0;
  raw = createSocket('udp4');
  raw.bind(0, '127.0.0.1');
  await once(raw, 'listening');
  const send = (_batch: unknown, _at: number, length: number, ...rest: unknown[]) => {
    kernel.log.push(`send ${length}`);
    const done = rest[2] as SendCallback;
    const code = answers.shift() ?? '';
    const error = code === '' ? null : Object.assign(new Error(code), { code });
    if (queued === 0) process.nextTick(done, error, length);
    else raw.once('writable', () => done(error, length));
  };
  Object.assign(raw, { send, getSendQueueCount: () => queued });
  socket = new UdpSocket(raw, 'udp4', kernel);
  socket.onError((code, remote) => errors.push(`${code} ${remote?.port}`));
});

afterEach(() => socket.close());

function send(bytes: number, segmentSize: number): Promise<void> {
  const remote = { address: '127.0.0.1', port: 7 };
  return new Promise((release) => {
    socket.send({ remote, payload: new Uint8Array(bytes), segmentSize, release });
  });
}

it('sends a batch again in pieces, and all later ones, when the device cannot segment', async () => {
  answers = ['EIO'];
  await send(2500, 1200);
  await send(2400, 1200);
  expect(kernel.log).toEqual([
    'segment 1200',
    'send 2500',
    'segment 0',
    ...['send 1200', 'send 1200', 'send 100'],
    ...['send 1200', 'send 1200'],
  ]);
  expect(socket.segmenting).toBe(false);
  expect(errors).toEqual([]);
});

it('keeps segmenting when the pieces are refused as well', async () => {
  answers = ['EINVAL', 'EINVAL', 'EINVAL'];
  await send(2400, 1200);
  expect(socket.segmenting).toBe(true);
  expect(errors).toEqual(['EINVAL 7', 'EINVAL 7']);
});

it('sends a batch in fragments when the path has become too narrow, and says so', async () => {
  answers = ['EMSGSIZE'];
  await send(2904, 1452);
  expect(kernel.log).toEqual([
    ...['forbid fragments', 'segment 1452', 'send 2904'],
    ...['allow fragments', 'segment 0', 'send 1452', 'send 1452'],
  ]);
  expect(socket.segmenting).toBe(true);
  expect(errors).toEqual(['EMSGSIZE 7']);
});

it('never sends a probe of the path in fragments', async () => {
  answers = ['EMSGSIZE'];
  await send(1452, 1452);
  expect(kernel.log).toEqual(['forbid fragments', 'send 1452']);
  expect(errors).toEqual(['EMSGSIZE 7']);
});

it('sends a small datagram again when an old kernel refuses it for the size of its segments', async () => {
  answers = ['', 'EINVAL'];
  await send(2400, 1200);
  await send(60, 60);
  expect(kernel.log).toEqual(['segment 1200', 'send 2400', 'send 60', 'segment 0', 'send 60']);
  expect(socket.segmenting).toBe(true);
  expect(errors).toEqual([]);
});

it('sends in pieces when the kernel refuses the option itself', async () => {
  kernel.agrees = false;
  await send(2400, 1200);
  expect(kernel.log).toEqual(['segment 1200', 'send 1200', 'send 1200']);
  expect(socket.segmenting).toBe(false);
});

it('does not change the segment size under a batch that is still queued', async () => {
  await send(2400, 1200);
  queued = 1;
  const same = send(6000, 1200);
  const other = send(2800, 1400);
  const third = send(2400, 1200);
  expect(kernel.log).toEqual(['segment 1200', 'send 2400', 'send 6000']);
  expect(socket.pending).toBe(3);
  queued = 0;
  raw.emit('writable');
  await Promise.all([same, other, third]);
  expect(kernel.log.slice(3)).toEqual([
    ...['forbid fragments', 'segment 1400', 'send 2800'],
    ...['allow fragments', 'segment 1200', 'send 2400'],
  ]);
});

it('leaves to dgram what the kernel has no room for, and what comes behind it', async () => {
  answers = ['later'];
  queued = 0;
  const first = send(2400, 1200);
  queued = 1;
  const second = send(1200, 1200);
  expect(socket.pending).toBe(2);
  queued = 0;
  raw.emit('writable');
  await Promise.all([first, second]);
  expect(socket.pending).toBe(0);
  expect(kernel.log).toEqual(['segment 1200', ...['send 2400', 'send 2400', 'send 1200']]);
  expect(errors).toEqual([]);
});

it('does not set an option that is set already', async () => {
  await send(2400, 1200);
  await send(64_800, 1200);
  await send(1200, 1200);
  await send(50, 1200);
  expect(kernel.log).toEqual([
    ...['segment 1200', 'send 2400', 'send 64800', 'send 1200', 'send 50'],
  ]);
});
