import { createSocket, Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  LAN_GROUP,
  LanResponder,
  type LanResponderOptions,
  LanSearcher,
  type LanSearcherOptions,
} from '../../../src/io/network/lan-beacon.ts';
import { lanInterfaces } from '../../../src/io/network/lan-beacon-interfaces.ts';
import { openUdpSocket, type UdpSocket } from '../../../src/io/network/udp-socket.ts';
import { encodeDiscover, encodeHere } from '../../../src/protocol/rendezvous/lan-discovery.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';

const loopback = ['127.0.0.1'];
let session: UdpSocket;
let closing: (() => unknown)[];

beforeEach(async () => {
  closing = [];
  session = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
});

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  for (const close of closing) await close();
  await session.close();
});

async function respond(options: Partial<LanResponderOptions> = {}): Promise<LanResponder> {
  const answer = (packet: Uint8Array, remote: Endpoint) =>
    session.send({ remote, payload: packet, segmentSize: packet.length });
  const common = { nameplate: 7, interfaces: loopback, port: 0, answer };
  const responder = new LanResponder({ ...common, ...options });
  await responder.start();
  closing.push(() => responder.close());
  return responder;
}

function search(port: number | undefined, options: Partial<LanSearcherOptions> = {}): LanSearcher {
  const common = { nameplate: 7, interfaces: loopback, onFound: () => undefined };
  const searcher = new LanSearcher({ ...common, port: port ?? 1, ...options });
  searcher.start();
  closing.push(() => searcher.stop());
  return searcher;
}

/** Joined like a responder, but it only listens. */
async function eavesdrop(onQuestion: (socket: Socket, asker: Endpoint, packet: Buffer) => void) {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.bind({ address: '0.0.0.0', port: 0 });
  await once(socket, 'listening');
  socket.addMembership(LAN_GROUP, '127.0.0.1');
  socket.on('message', (packet, asker) => onQuestion(socket, asker, packet));
  closing.push(() => socket.close());
  return socket.address().port;
}

describe('LAN discovery', () => {
  it('finds the session socket of whoever has the nameplate', async () => {
    const { port } = await respond();
    const found = await new Promise<Endpoint>((onFound) => {
      search(port, { onFound });
    });
    expect(found).toEqual({ address: '127.0.0.1', port: session.address.port });
  });

  it('serves two senders on one machine, each under its own nameplate', async () => {
    const { port } = await respond({ nameplate: 6, answer: () => expect.fail('not mine') });
    await respond({ port: port ?? 1 });
    await new Promise<Endpoint>((onFound) => {
      search(port, { onFound });
    });
  });

  it('names each endpoint once, and none for another question or nameplate', async () => {
    const found: number[] = [];
    let asked = 0;
    const port = await eavesdrop((socket, asker, packet) => {
      asked += 1;
      const txid = packet.subarray(11, 19);
      const lies = [
        encodeHere({ txid: Buffer.alloc(8), nameplate: 7 }),
        encodeHere({ txid, nameplate: 8 }),
        encodeDiscover({ txid, nameplate: 7 }),
        Buffer.alloc(3),
      ];
      for (const lie of lies) socket.send(lie, asker.port, asker.address);
      const here = encodeHere({ txid, nameplate: 7 });
      if (asked === 2) for (const _ of 'twice') socket.send(here, asker.port, asker.address);
      if (asked === 3) done();
    });
    let done = () => {};
    const third = new Promise<void>((resolve) => {
      done = resolve;
    });
    search(port, { onFound: (endpoint) => found.push(endpoint.port) });
    await third;
    expect(found).toEqual([port]);
  });
});

describe('LanSearcher', () => {
  it('asks at once, every quarter of a second four times, then every second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let heard: () => void = () => undefined;
    const port = await eavesdrop(() => heard());
    const question = () => new Promise<void>((resolve) => (heard = resolve));
    let next = question();
    const searcher = search(port);
    for (const delay of [250, 250, 250, 250, 1000, 1000]) {
      await next;
      next = question();
      vi.advanceTimersByTime(delay - 1);
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(1);
    }
    await next;
    await searcher.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says when there is no interface to ask on', async () => {
    const code = await new Promise((onUnavailable) => {
      search(1, { interfaces: ['192.0.2.77'], onUnavailable });
    });
    expect(code).toBe('EADDRNOTAVAIL');
  });

  it('does without an interface that goes away at that moment', async () => {
    const gone = vi.spyOn(Socket.prototype, 'setMulticastInterface').mockImplementation(() => {
      throw Object.assign(new Error('setMulticastInterface ENODEV'), { code: 'ENODEV' });
    });
    closing.push(() => gone.mockRestore());
    const code = await new Promise((onUnavailable) => {
      search(1, { onUnavailable });
    });
    expect(code).toBe('ENODEV');
  });

  it('can be stopped while it is still opening its sockets', async () => {
    await search(1).stop();
  });
});

describe('LanResponder', () => {
  it('says when another program holds the port for itself', async () => {
    const other = createSocket({ type: 'udp4' });
    other.bind({ address: '0.0.0.0', port: 0 });
    await once(other, 'listening');
    closing.push(() => other.close());
    const onUnavailable = vi.fn<(code: string) => void>();
    const responder = await respond({ port: other.address().port, onUnavailable });
    expect(onUnavailable.mock.calls).toEqual([['EADDRINUSE']]);
    expect(responder.port).toBeUndefined();
  });

  it('stops answering a flood, for a while', async () => {
    let answers = 0;
    const done = new Promise<void>((resolve) => {
      const answer = () => {
        answers += 1;
        if (answers === 100) resolve();
      };
      void respond({ answer }).then(async ({ port = 1 }) => {
        const flood = createSocket('udp4');
        closing.push(() => flood.close());
        flood.bind({ address: '127.0.0.1', port: 0 });
        await once(flood, 'listening');
        flood.setMulticastInterface('127.0.0.1');
        const packet = encodeDiscover({ txid: Buffer.alloc(8), nameplate: 7 });
        for (let i = 0; i < 120; i += 1) flood.send(packet, port, LAN_GROUP);
      });
    });
    await done;
    await new Promise(setImmediate);
    expect(answers).toBe(100);
  });
});

describe('lanInterfaces', () => {
  it('takes what is chosen, then what the environment lists, then every IPv4 address', () => {
    expect(lanInterfaces()).toContain('127.0.0.1');
    vi.stubEnv('P2PSHARE_LAN_INTERFACES', '10.0.0.1, 10.0.0.2');
    expect(lanInterfaces()).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(lanInterfaces(loopback)).toEqual(loopback);
  });
});
