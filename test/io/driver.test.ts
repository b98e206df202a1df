import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { monotonicNow } from '../../src/io/clock.ts';
import { Driver } from '../../src/io/driver.ts';
import { openUdpSocket, type UdpSocket } from '../../src/io/network/udp-socket.ts';
import type { Instant } from '../../src/protocol/time.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import { Parrot } from './parrot.ts';

let machine: Parrot;
let socket: UdpSocket;
let peer: UdpSocket;
let drivers: Driver<string>[];

beforeEach(async () => {
  machine = new Parrot();
  drivers = [];
  socket = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
  peer = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const driver of drivers) driver.close();
  await Promise.all([socket.close(), peer.close()]);
});

function run(onEvent: (event: string) => void = () => undefined, of = machine, on = socket) {
  const driver = new Driver({ machine: of, sockets: [on], onEvent });
  drivers.push(driver);
  driver.start();
  return driver;
}

function nextAt(receiver: UdpSocket): Promise<string> {
  return new Promise((resolve) => {
    receiver.onBatch((batch) => resolve(Buffer.from(batch).toString()));
  });
}

describe('Driver', () => {
  it('carries a conversation between two machines', async () => {
    const other = new Parrot();
    const count = (of: Parrot) => (text: string, remote: Endpoint) => {
      if (text === '20') of.events.push('done');
      else of.say(`${Number(text) + 1}`, remote);
    };
    machine.onHeard = count(machine);
    other.onHeard = count(other);
    machine.say('1', peer.address);
    await new Promise((resolve) => {
      run(resolve, other, peer);
      run(resolve);
    });
    expect([...other.heard, ...machine.heard].map(Number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  it('sends at once what the application asked for before a poke', async () => {
    const driver = run();
    const received = nextAt(peer);
    machine.say('poked', peer.address);
    driver.poke();
    expect(machine.outbox).toEqual([]);
    expect(await received).toBe('poked');
  });

  it('answers what one loop turn brought at once, not datagram by datagram', async () => {
    const perAnswer: number[] = [];
    let unanswered = 0;
    machine.onHeard = () => {
      unanswered += 1;
    };
    machine.pollTransmit = () => {
      if (unanswered > 0) perAnswer.push(unanswered);
      unanswered = 0;
      return undefined;
    };
    run();
    // Sizes that differ, so that no two are coalesced.
    const sizes = [1, 2, 3, 4, 5, 6, 7, 8];
    for (const size of sizes) {
      peer.send({ remote: socket.address, payload: Buffer.alloc(size), segmentSize: size });
    }
    await vi.waitFor(() => expect(machine.heard).toHaveLength(8), { interval: 1 });
    await new Promise(setImmediate);
    expect(perAnswer).toEqual([8]);
  });

  it('sends what is asked for while an event is handled, poked or not', async () => {
    const received = nextAt(peer);
    machine.events.push('first');
    const driver = new Driver({
      machine,
      sockets: [socket],
      onEvent: (event) => {
        if (event === 'first') machine.events.push('second');
        else machine.say('answer', peer.address);
        if (event === 'first') driver.poke();
      },
    });
    drivers.push(driver);
    driver.start();
    expect(await received).toBe('answer');
  });
});

describe('Driver at its edges', () => {
  it('drops, and releases, what is meant for a family that it has no socket of', () => {
    const release = vi.fn<() => void>();
    const remote = { address: '::1', port: 9 };
    machine.outbox.push({ remote, payload: Buffer.alloc(9), segmentSize: 9, release });
    run();
    expect(release).toHaveBeenCalledOnce();
  });

  it('sends its last words when closed, and hears nothing afterwards', async () => {
    const driver = run(() => undefined);
    machine.deadline = monotonicNow();
    driver.poke();
    machine.onTimeout = () => machine.heard.push('timeout');
    machine.say('goodbye', peer.address);
    const received = nextAt(peer);
    driver.close();
    driver.poke();
    expect(await received).toBe('goodbye');
    const later = nextAt(peer);
    const send = (to: UdpSocket) =>
      peer.send({ remote: to.address, payload: Buffer.from('x'), segmentSize: 1 });
    send(socket);
    send(peer);
    await later;
    expect(machine.heard).toEqual([]);
  });

  it('reports failed sends by code and remote', async () => {
    const failed = new Promise((resolve) => {
      machine.say('nobody', { address: '255.255.255.255', port: 9 });
      const onSocketError = (code: string, remote: Endpoint | undefined) =>
        resolve([code, remote?.port]);
      const driver = new Driver({ machine, sockets: [socket], onEvent: () => {}, onSocketError });
      drivers.push(driver);
      driver.start();
    });
    expect(await failed).toEqual(['EACCES', 9]);
  });
});

describe('Driver under backpressure', () => {
  it('leaves the rest in the machine when 64 sends are pending, and goes on when they end', async () => {
    // On plain dgram, where no send has ended before the call returns.
    vi.stubEnv('P2PSHARE_NO_GSO', '1');
    await socket.close();
    socket = await openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
    let left = 1000;
    let most = 0;
    machine.pollTransmit = () => {
      most = Math.max(most, socket.pending);
      if (left === 0) return undefined;
      left -= 1;
      return { remote: peer.address, payload: Buffer.alloc(50), segmentSize: 50 };
    };
    const driver = run();
    expect(left).toBe(1000 - 64);
    driver.poke();
    expect(left).toBe(1000 - 64);
    await vi.waitFor(() => expect(left).toBe(0), { interval: 1 });
    expect(most).toBe(63);
  });

  it('reads its sockets between two helpings of sends', async () => {
    let sent = 0;
    machine.pollTransmit = () => {
      sent += 1;
      return { remote: peer.address, payload: Buffer.alloc(50), segmentSize: 50 };
    };
    // The machine never falls silent: only an input that is heard in between ends this.
    const heard = new Promise<number>((resolve) => {
      machine.onHeard = () => {
        machine.pollTransmit = () => undefined;
        resolve(sent);
      };
    });
    peer.send({ remote: socket.address, payload: Buffer.from('stop'), segmentSize: 4 });
    run();
    expect(await heard).toBeLessThan(64 * 50);
  });

  it('sends no more than a helping at once, also where each send ends at once', async () => {
    let sent = 0;
    machine.pollTransmit = () => {
      if (sent === 1000) return undefined;
      sent += 1;
      return { remote: peer.address, payload: Buffer.alloc(50), segmentSize: 50 };
    };
    run();
    expect(sent).toBe(64);
    await vi.waitFor(() => expect(sent).toBe(1000), { interval: 1 });
  });
});

describe('Driver and time', () => {
  it('tells the machine when its deadline has passed, not before', async () => {
    const deadline = (monotonicNow() + 12) as Instant;
    machine.deadline = deadline;
    const told = new Promise<number>((resolve) => {
      machine.onTimeout = (now) => {
        machine.deadline = undefined;
        resolve(now - deadline);
      };
    });
    run();
    const lateness = await told;
    expect(lateness).toBeGreaterThanOrEqual(0);
  });

  it('does not spin on a deadline that stays in the past', async () => {
    const start = monotonicNow();
    machine.deadline = start;
    let calls = 0;
    const end = await new Promise<number>((resolve) => {
      machine.onTimeout = (now) => {
        calls += 1;
        if (calls === 10) resolve(now);
      };
      run();
    });
    // Ten timers of one millisecond, each of which libuv may ring almost one early.
    expect(end - start).toBeGreaterThan(5);
  });
});

describe('Driver and its one timer', () => {
  it('rings for an earlier deadline that comes up while it sleeps', async () => {
    machine.deadline = (monotonicNow() + 3_600_000) as Instant;
    const driver = run();
    const told = new Promise<void>((resolve) => {
      machine.onTimeout = () => {
        machine.deadline = undefined;
        resolve();
      };
    });
    machine.deadline = (monotonicNow() + 1) as Instant;
    driver.poke();
    await told;
  });

  it('keeps ringing in time however often it is poked', async () => {
    machine.deadline = (monotonicNow() + 0.5) as Instant;
    let pokes = 0;
    const driver = run();
    const told = new Promise<void>((resolve) => {
      machine.onTimeout = () => {
        machine.deadline = undefined;
        resolve();
      };
    });
    const again = () => {
      pokes += 1;
      driver.poke();
      if (machine.deadline !== undefined && pokes < 1e6) setImmediate(again);
    };
    again();
    await told;
    expect(pokes).toBeLessThan(1e6);
  });

  it('reads what has arrived before it takes a deadline for passed', async () => {
    machine.deadline = (monotonicNow() + 5) as Instant;
    const order: string[] = [];
    machine.onHeard = () => order.push('heard');
    const told = new Promise<void>((resolve) => {
      machine.onTimeout = () => {
        order.push('timeout');
        machine.deadline = undefined;
        resolve();
      };
    });
    run();
    peer.send({ remote: socket.address, payload: Buffer.from('x'), segmentSize: 1 });
    while (monotonicNow() < machine.deadline); // A stalled event loop.
    await told;
    expect(order).toEqual(['heard', 'timeout']);
  });
});
