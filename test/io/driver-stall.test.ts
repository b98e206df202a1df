import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { monotonicNow } from '../../src/io/clock.ts';
import { Driver } from '../../src/io/driver.ts';
import { openUdpSocket, type UdpSocket } from '../../src/io/network/udp-socket.ts';
import type { Instant } from '../../src/protocol/time.ts';
import { Parrot } from './parrot.ts';

let machine: Parrot;
let socket: UdpSocket;
let peer: UdpSocket;
let driver: Driver<string>;
/** What has happened, and by how much the clock has jumped. */
let order: string[];
let jump: number;

beforeEach(async () => {
  order = [];
  jump = 0;
  machine = new Parrot();
  socket = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
  peer = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
  driver = new Driver({
    machine,
    sockets: [socket],
    clock: () => (monotonicNow() + jump) as Instant,
    onEvent: () => undefined,
    onStall: () => order.push('stall'),
  });
});

afterEach(async () => {
  driver.close();
  await Promise.all([socket.close(), peer.close()]);
});

/** Runs the machine until its deadline `span` from now, while the clock jumps. */
async function runThrough(span: number, clockJump: number): Promise<void> {
  machine.deadline = (monotonicNow() + span) as Instant;
  machine.onHeard = () => order.push('heard');
  const told = new Promise<void>((resolve) => {
    machine.onTimeout = () => {
      order.push('timeout');
      machine.deadline = undefined;
      resolve();
    };
  });
  driver.start();
  jump = clockJump;
  await told;
}

describe('a process that was stopped', () => {
  it('is told so before anything that came meanwhile, and once', async () => {
    peer.send({ remote: socket.address, payload: Buffer.from('x'), segmentSize: 1 });
    peer.send({ remote: socket.address, payload: Buffer.from('yy'), segmentSize: 2 });
    await runThrough(3_600_000, 3_900_000);
    expect(order).toEqual(['stall', 'heard', 'heard', 'timeout']);
  });

  it('is told so by its timer when nothing came', async () => {
    await runThrough(20, 300_000);
    expect(order).toEqual(['stall', 'timeout']);
  });

  it('is told nothing of less than two seconds', async () => {
    await runThrough(20, 1500);
    expect(order).toEqual(['timeout']);
  });
});
