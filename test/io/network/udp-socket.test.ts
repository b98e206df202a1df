import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { udpOffload } from '../../../src/io/network/udp-offload.ts';
import { openUdpSocket, type UdpSocket } from '../../../src/io/network/udp-socket.ts';

const noOffload = (await udpOffload()) ? undefined : 'no koffi, or a kernel without UDP_SEGMENT';
if (noOffload) console.warn(`udp-socket: offload is not tested: ${noOffload}`);

const modes = [
  { mode: 'with offload', disabled: '', skip: noOffload !== undefined },
  { mode: 'on plain dgram', disabled: '1', skip: false },
];

let sender: UdpSocket;
let receiver: UdpSocket;

async function openPair(disabled: string): Promise<void> {
  vi.stubEnv('P2PSHARE_NO_GSO', disabled);
  sender = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
  receiver = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
}

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all([sender.close(), receiver.close()]);
});

describe.each(modes)('UdpSocket $mode', ({ disabled, skip }) => {
  beforeEach(() => openPair(disabled));

  it.skipIf(skip)('delivers a batch of 54 datagrams complete, in order and unchanged', async () => {
    const payload = randomBytes(54 * 1200);
    const received = collect(receiver, payload.length);
    await sent(sender, receiver, payload, 1200);
    expect(sha256(Buffer.concat(await received))).toBe(sha256(payload));
    expect(sender.segmenting).toBe(disabled === '');
  });

  it.skipIf(skip)('cuts batches of alternating sizes each at its own size', async () => {
    const sizes = [1200, 1200, 40, 1452, 300, 1452, 9000, 1200];
    const counts = [54, 3, 1, 40, 1, 2, 7, 1];
    const lengths: number[] = [];
    // Without receive offload nothing is coalesced, so that every datagram is seen by itself.
    vi.stubEnv('P2PSHARE_NO_GSO', '1');
    const witness = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
    const last = new Promise<void>((done) => {
      witness.onBatch((batch) => {
        if (batch.length === 1) done();
        else lengths.push(batch.length);
      });
    });
    const expected: number[] = [];
    for (const [i, size] of sizes.entries()) {
      const count = counts[i] ?? 0;
      await sent(sender, witness, Buffer.alloc(size * count - 7, i), size);
      expected.push(...Array.from({ length: count - 1 }, () => size), size - 7);
    }
    await sent(sender, witness, Buffer.alloc(1), 1);
    await last;
    await witness.close();
    expect(lengths).toEqual(expected);
  });

  // Past dgram, a send has finished when it returns; udp-socket-fallback has those that have not.
  it.skipIf(disabled === '')('counts unfinished sends, and tells of room again', async () => {
    const drained = new Promise<number>((resolve) => {
      sender.onDrain(() => resolve(sender.pending));
    });
    const transmit = { remote: receiver.address, payload: Buffer.alloc(100), segmentSize: 100 };
    for (let i = 0; i < 64; i += 1) sender.send(transmit);
    expect(sender.pending).toBe(64);
    expect(await drained).toBe(32);
  });
});

describe.each(modes)('UdpSocket $mode, when things go wrong,', ({ disabled, skip }) => {
  beforeEach(() => openPair(disabled));

  it.skipIf(skip)('releases each batch once, also those that cannot be sent', async () => {
    const errors: string[] = [];
    sender.onError((code) => errors.push(code));
    const remotes = [
      receiver.address,
      { address: '127.0.0.1', port: 0 },
      { address: '::1', port: 9 },
      { address: '255.255.255.255', port: 9 },
    ];
    const releases = remotes.map(() => 0);
    await Promise.all(
      remotes.map(
        (remote, i) =>
          new Promise<void>((done) => {
            const release = () => {
              releases[i] = (releases[i] ?? 0) + 1;
              done();
            };
            sender.send({ remote, payload: Buffer.alloc(5000), segmentSize: 1000, release });
          }),
      ),
    );
    await sender.close();
    expect(releases).toEqual([1, 1, 1, 1]);
    expect(new Set(errors)).toEqual(new Set(['ERR_SOCKET_BAD_PORT', 'EINVAL', 'EACCES']));
  });

  it.skipIf(skip)('keeps sending batches whole after an address was at fault', async () => {
    await sent(sender, { address: { address: '::1', port: 9 } }, Buffer.alloc(5000), 1000);
    expect(sender.segmenting).toBe(disabled === '');
  });

  it.skipIf(skip)('reports a datagram that is too large, and goes on', async () => {
    const errors: [string, number | undefined][] = [];
    sender.onError((code, remote) => errors.push([code, remote?.port]));
    await sent(sender, receiver, Buffer.alloc(65_530), 65_530);
    const received = collect(receiver, 2400);
    await sent(sender, receiver, Buffer.alloc(2400, 5), 1200);
    expect(Buffer.concat(await received)).toEqual(Buffer.alloc(2400, 5));
    expect(errors).toEqual([['EMSGSIZE', receiver.address.port]]);
  });

  it.skipIf(skip)('is not disturbed by a port where nobody listens', async () => {
    await receiver.close();
    for (let i = 0; i < 5; i += 1) await sent(sender, receiver, Buffer.alloc(100), 100);
    const other = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
    const received = collect(other, 3);
    await sent(sender, other, Buffer.from('yes'), 1200);
    expect(Buffer.concat(await received).toString()).toBe('yes');
    await other.close();
  });

  it.skipIf(skip)('releases what is sent after closing', async () => {
    await sender.close();
    await sender.close();
    await sent(sender, receiver, Buffer.alloc(9), 9);
    expect(sender.pending).toBe(0);
  });
});

describe.each(modes)('openUdpSocket $mode', ({ disabled, skip }) => {
  beforeEach(() => openPair(disabled));

  it.skipIf(skip)('does not share its port unless asked to', async () => {
    const { port } = receiver.address;
    const again = { family: 'udp4', address: '127.0.0.1', port } as const;
    await expect(openUdpSocket({ ...again, reuseAddress: true })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it.skipIf(skip)('speaks IPv6 only on an IPv6 socket', async () => {
    const six = await openUdpSocket({ family: 'udp6', address: '::1' }).catch(() => undefined);
    if (!six) return console.warn('udp-socket: IPv6 is not tested: this machine has none');
    const received = new Promise<string>((resolve) => {
      six.onBatch((batch, remote) => resolve(`${remote.address} ${batch.length}`));
    });
    await sent(six, six, Buffer.alloc(1800), 1800);
    expect(await received).toBe('::1 1800');
    await six.close();
    const wildcard = await openUdpSocket({ family: 'udp6' });
    const four = await openUdpSocket({ family: 'udp4', port: wildcard.address.port });
    await Promise.all([wildcard.close(), four.close()]);
  });
});

/** Sends one batch; resolves when the socket has released it. */
function sent(
  from: UdpSocket,
  to: Pick<UdpSocket, 'address'>,
  payload: Uint8Array,
  segmentSize: number,
): Promise<void> {
  return new Promise((release) => {
    from.send({ remote: to.address, payload, segmentSize, release });
  });
}

function collect(socket: UdpSocket, total: number): Promise<Uint8Array[]> {
  const batches: Uint8Array[] = [];
  let length = 0;
  return new Promise((resolve) => {
    socket.onBatch((batch) => {
      batches.push(batch);
      length += batch.length;
      if (length >= total) resolve(batches);
    });
  });
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
