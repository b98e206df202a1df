import { describe, expect, it } from 'vitest';
import { RendezvousHost } from '../../src/protocol/rendezvous/rendezvous-host.ts';
import { millis } from '../../src/protocol/time.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import { type SimulatedServer, startServer } from '../protocol/session/simulated-server.ts';
import { NAT } from '../support/nat.ts';
import { bothWays } from '../support/scenarios.ts';
import { forEachSeed } from '../support/seeds.ts';
import { type Meeting, Scene } from './scene.ts';

const SEEDS = 4;
const NOBODY: Endpoint = { address: '203.0.113.99', port: 9420 };
/** Four seconds on the line of the scene. */
const BYTES = 1_000_000;

/** A second server, so many milliseconds away. */
function secondServer(scene: Scene, delay = 0): SimulatedServer {
  const line = bothWays({ delay: millis(delay) });
  return startServer(scene.sim, scene.internet.host('203.0.113.2', line), 'second server');
}

/** Two NATs between which there is no direct path. */
function relayedScene(seed: number): Scene {
  return new Scene(seed, { bytes: BYTES, homeNat: NAT.symmetric, officeNat: NAT.symmetric });
}

/** The relays that the sender has used, in this order, by their addresses. */
function relaysOf({ sender }: Meeting): string[] {
  return sender.events.flatMap((event) => {
    return event.kind === 'path' && event.path.kind === 'relay' ? event.path.remote.address : [];
  });
}

describe('of several servers', () => {
  forEachSeed('one that is dead costs no time, be it the first or the last', SEEDS, (seed) => {
    for (const deadFirst of [true, false]) {
      const scene = new Scene(seed);
      const server = deadFirst ? NOBODY : scene.server.endpoint;
      const others = [deadFirst ? scene.server.endpoint : NOBODY];
      const { sender, code } = scene.send({ server, others });
      expect(scene.sim.elapsed).toBeLessThan(500);
      const receiver = scene.receive(code, { server, others });
      scene.runUntil(() => receiver.find('joined') !== undefined);
      expect(scene.sim.elapsed).toBeLessThan(2000);
      scene.expectTransfer({ sender, receiver });
    }
  });

  it('all that are dead end the wait', () => {
    const scene = new Scene(1);
    const elsewhere = { address: '203.0.113.98', port: 9420 };
    expect(() => scene.send({ server: NOBODY, others: [elsewhere] })).toThrow(
      'P2P_SERVER_UNREACHABLE',
    );
  });

  forEachSeed('one is enough that both know', SEEDS, (seed) => {
    const scene = new Scene(seed);
    const second = secondServer(scene);
    const { sender, code } = scene.send({ others: [second.endpoint] });
    const receiver = scene.receive(code, { server: second.endpoint });
    scene.expectTransfer({ sender, receiver });
  });

  forEachSeed(
    'one whose number is taken is left, and the code holds at the other',
    SEEDS,
    (seed) => {
      const scene = new Scene(seed);
      const second = secondServer(scene, 50);
      // Whoever wants a number finds it taken: the second server has given all of them away.
      const taken = new Set<number>();
      const random = scene.sim.random.fork('squatter');
      const { sender, code } = scene.send({ others: [NOBODY] });
      taken.add(code.nameplate);
      const squatter = new RendezvousHost(
        {
          server: second.endpoint,
          hello: new Uint8Array(4),
          random,
          nameplate: code.nameplate,
        },
        scene.sim.now,
      );
      scene.homeHost.run(squatter, { port: 7777, onEvent: () => undefined });
      scene.runFor(1000);
      sender.stop();
      const place = { nameplate: code.nameplate, ownerSecret: random.bytes(16) };
      const again = scene.send({ others: [second.endpoint], place, name: 'again' });
      scene.runFor(1000);
      const receiver = scene.receive(again.code, { others: [second.endpoint] });
      scene.expectTransfer({ sender: again.sender, receiver });
      expect(again.sender.events.filter(({ kind }) => kind === 'code')).toHaveLength(1);
    },
  );
});

describe('of the relays of several servers', () => {
  for (const [near, far] of [
    [0, 150],
    [150, 0],
  ] as const) {
    forEachSeed(`the nearer is used: ${near} or ${far} ms away`, SEEDS, (seed) => {
      const scene = relayedScene(seed);
      const [first, second] = [
        startServer(
          scene.sim,
          scene.internet.host('203.0.113.3', bothWays({ delay: millis(near) })),
          'a',
        ),
        secondServer(scene, far),
      ];
      const servers = { server: first.endpoint, others: [second.endpoint] };
      const meeting = scene.meet(servers, servers);
      scene.expectTransfer(meeting);
      const nearest = near < far ? first.endpoint : second.endpoint;
      expect(relaysOf(meeting).at(-1)).toBe(nearest.address);
    });
  }

  forEachSeed('the nearer is used also where the code was proved at the other', SEEDS, (seed) => {
    const scene = relayedScene(seed);
    const far = secondServer(scene, 150);
    // The nearer one is not heard of by the receiver before it knows the sender.
    let isDeaf = false;
    scene.internet.tap(({ to }) => {
      return isDeaf && to.address === scene.server.endpoint.address ? 'drop' : 'pass';
    });
    const servers = { others: [far.endpoint] };
    const { sender, code } = scene.send(servers);
    isDeaf = true;
    const receiver = scene.receive(code, servers);
    scene.runUntil(() => receiver.find('joined') !== undefined);
    isDeaf = false;
    const meeting = { sender, receiver };
    scene.expectTransfer(meeting);
    expect(relaysOf(meeting).at(-1)).toBe(scene.server.endpoint.address);
  });

  forEachSeed('the other is used when one dies', SEEDS, (seed) => {
    const scene = relayedScene(seed);
    const second = secondServer(scene, 30);
    const servers = { others: [second.endpoint] };
    const meeting = scene.meet(servers, servers);
    scene.runUntil(
      () => meeting.receiver.find('write') !== undefined || relaysOf(meeting).length > 0,
    );
    scene.runFor(1500);
    const dies = scene.sim.elapsed;
    scene.server.driver.stop();
    scene.runUntil(() => relaysOf(meeting).at(-1) === second.endpoint.address);
    expect(scene.sim.elapsed - dies).toBeLessThan(5000);
    scene.expectTransfer(meeting);
  });
});

describe('a second server', () => {
  forEachSeed('learns nothing by which it could be taken for a direct path', SEEDS, (seed) => {
    const scene = relayedScene(seed);
    const second = secondServer(scene);
    const { sender, code } = scene.send({ others: [second.endpoint] });
    // The receiver calls the servers addresses of its own.
    const localEndpoints = [second.endpoint, scene.server.endpoint];
    const receiver = scene.receive(code, { others: [second.endpoint], localEndpoints });
    const meeting = { sender, receiver };
    scene.expectTransfer(meeting);
    const kinds = sender.events.flatMap((one) => (one.kind === 'path' ? one.path.kind : []));
    expect(new Set(kinds)).toEqual(new Set(['relay']));
  });
});
