import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Driver } from '../../src/io/driver.ts';
import { openUdpSocket, type UdpSocket } from '../../src/io/network/udp-socket.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import { Parrot } from './parrot.ts';

let machine: Parrot;
let socket: UdpSocket;
let base: UdpSocket;
let peer: UdpSocket;
let driver: Driver<string>;

beforeEach(async () => {
  machine = new Parrot();
  const open = () => openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
  [socket, base, peer] = await Promise.all([open(), open(), open()]);
  driver = new Driver({ machine, sockets: [socket], onEvent: () => undefined });
  driver.start();
  driver.addBase(7, base);
});

afterEach(async () => {
  driver.close();
  await Promise.all([socket.close(), base.close(), peer.close()]);
});

function nextAtPeer(): Promise<{ text: string; from: Endpoint }> {
  return new Promise((resolve) => {
    peer.onBatch((batch, { address, port }) => {
      resolve({ text: Buffer.from(batch).toString(), from: { address, port } });
    });
  });
}

describe('a base of a driver', () => {
  it('carries what is for its remotes', async () => {
    const echoed = nextAtPeer();
    machine.say('by seven', { ...peer.address, base: 7 });
    driver.poke();
    expect(await echoed).toEqual({ text: 'by seven', from: base.address });
  });

  it('marks what comes in by it', async () => {
    const heard = new Promise<Endpoint>((resolve) => {
      machine.onHeard = (_text, remote) => resolve(remote);
    });
    const payload = Buffer.from('to seven');
    peer.send({ remote: base.address, payload, segmentSize: payload.length });
    expect(await heard).toEqual({ ...peer.address, base: 7 });
  });

  it('takes with it what is for its remotes, once it is removed', async () => {
    driver.removeBase(7);
    const echoed = nextAtPeer();
    machine.say('lost', { ...peer.address, base: 7 });
    machine.say('heard', peer.address);
    driver.poke();
    expect(await echoed).toEqual({ text: 'heard', from: socket.address });
  });
});
