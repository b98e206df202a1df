import { describe, expect, it } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import { PacketType, packetType, writePrefix } from '../../src/protocol/wire/packet.ts';
import { WORDS } from '../protocol/session/simulated-peers.ts';
import { NAT } from '../support/nat.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { forEachSeed } from '../support/seeds.ts';
import { Eavesdropper, type Secrets } from './eavesdropper.ts';
import { isTransportPacket } from './packets.ts';
import { type Meeting, Scene, SERVER_ADDRESS } from './scene.ts';

const SEEDS = 3;
const FILE_NAME = 'plans-of-the-garden.pdf';
const TEXTS = [...WORDS, ...WORDS.map((word) => word.toUpperCase()), FILE_NAME, 'plans-of'];
const ADDRESSES = ['10.0.1.2', '10.0.2.2'];

describe('who reads everything on the internet, the server included,', () => {
  for (const name of ['portRestricted', 'symmetric'] as const) {
    forEachSeed(
      `learns no word, no name, no private address and no content: ${name}`,
      SEEDS,
      (seed) => {
        // Four bytes may be an address by chance: a leak would show in another run as well.
        const [first, second] = [seed, seed + 1_000_000].map((one) => overheard(one, NAT[name]));
        expect(first?.filter((secret) => second?.includes(secret))).toEqual([]);
      },
    );
  }

  it('would notice each of these secrets', () => {
    const file = new Scene(1).file;
    const spy = new Eavesdropper({ texts: TEXTS, addresses: ADDRESSES, file });
    for (const text of [...TEXTS, ...ADDRESSES]) spy.read(Buffer.from(`..${text}..`));
    spy.read(Uint8Array.of(1, 10, 0, 1, 2, 99));
    spy.read(Uint8Array.of(10, 0, 2, 2));
    expect(spy.learnt.size).toBe(TEXTS.length + 2 * ADDRESSES.length);
    spy.read(Buffer.concat([Buffer.alloc(5), file.subarray(1003, 1019), Buffer.alloc(5)]));
    expect(spy.learnt).toContain('the file');
  });
});

describe('who sends again what was sent', () => {
  forEachSeed('changes nothing: every packet 50 ms and 1 s later', SEEDS, (seed) => {
    const scene = new Scene(seed);
    repeatAll(scene, 50);
    repeatAll(scene, 1000);
    expectUndisturbed(scene, scene.meet());
  });

  forEachSeed('changes nothing in the next session of the same two', SEEDS, (seed) => {
    const scene = new Scene(seed);
    const capture = record(scene);
    const first = scene.meet();
    scene.expectTransfer(first);
    scene.runUntil(() => first.sender.gone && first.receiver.gone);
    for (const peer of [first.sender, first.receiver]) peer.stop();
    const packets = capture.slice();
    const second = scene.meet({ name: 'sender again' }, { name: 'receiver again' });
    packets.forEach((packet, n) => {
      scene.sim.after(millis(n), () => scene.sim.inject(packet));
    });
    expectUndisturbed(scene, second);
  });
});

describe('who forges packets', () => {
  forEachSeed('from every address, with every type, is not heard', SEEDS, (seed) => {
    const nat = NAT.fullCone;
    const scene = new Scene(seed, { homeNat: nat, officeNat: nat, bytes: 300_000 });
    const meeting = scene.meet();
    const random = scene.sim.random.fork('forger');
    const spray = () => {
      for (const forged of forgeries(scene, random)) scene.sim.inject(forged);
      if (!meeting.sender.ended) scene.sim.after(millis(20), spray);
    };
    spray();
    expectUndisturbed(scene, meeting);
  });

  forEachSeed('with the connection ids of the session is not heard either', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: 300_000 });
    const random = scene.sim.random.fork('forger');
    scene.sim.tap(({ payload }) => {
      if (packetType(payload, 0) < 0x40) return 'pass';
      const forged = random.bytes(payload.length);
      forged.set(payload.subarray(0, 11));
      return [forged, payload];
    });
    expectUndisturbed(scene, scene.meet());
  });

  forEachSeed('around true headers slows the session down, and never stops it', SEEDS, (seed) => {
    const scene = new Scene(seed, { bytes: 300_000 });
    const random = scene.sim.random.fork('forger');
    scene.sim.tap(({ payload }) => {
      if (!isTransportPacket(payload) || !random.chance(0.1)) return 'pass';
      const forged = payload.slice();
      forged.set(random.bytes(8), Math.max(0, payload.length - 8));
      return [forged, payload];
    });
    const meeting = scene.meet();
    scene.expectTransfer(meeting);
    expect(meeting.receiver.all('strict')[0]?.active).toBe(true);
    expect(scene.sim.elapsed).toBeLessThan(20_000);
  });
});

describe('who is in the way', () => {
  forEachSeed(
    'and changes one byte of every tenth packet changes no byte of the file',
    SEEDS,
    (seed) => {
      const scene = new Scene(seed, { bytes: 100_000 });
      const random = scene.sim.random.fork('attacker');
      scene.sim.tap(({ payload }) => {
        if (packetType(payload, 0) < 0x40 || !random.chance(0.1)) return 'pass';
        const changed = payload.slice();
        const at = random.integer(changed.length);
        changed[at] = (changed[at] ?? 0) ^ (1 + random.integer(255));
        return changed;
      });
      scene.expectTransfer(scene.meet());
    },
  );
});

/** What an eavesdropper learns of a whole transfer, and what the server could tell afterwards. */
function overheard(seed: number, nat: (typeof NAT)['symmetric' | 'portRestricted']): string[] {
  const scene = new Scene(seed, { bytes: 50_000, homeNat: nat, officeNat: nat });
  const secrets: Secrets = { texts: TEXTS, addresses: ADDRESSES, file: scene.file };
  const spy = new Eavesdropper(secrets).listen(scene);
  scene.expectTransfer(scene.meet({ fileName: FILE_NAME }));
  expect(spy.bytes).toBeGreaterThan(scene.file.length);
  const { events, machine } = scene.server;
  spy.read(Buffer.from(JSON.stringify([events, machine.counters])));
  return [...spy.learnt];
}

/** A good end, and no sign on either side that anybody else was there. */
function expectUndisturbed(scene: Scene, meeting: Meeting): void {
  scene.expectTransfer(meeting);
  const { sender, receiver } = meeting;
  for (const peer of [sender, receiver]) {
    expect(peer.all('strict')).toEqual([]);
    expect(peer.all('wrong-code')).toEqual([]);
    expect(peer.all('joined')).toHaveLength(1);
    const known = new Set([SERVER_ADDRESS, '198.51.100.10', '192.0.2.10', ...ADDRESSES]);
    const used = peer.all('path').map(({ path }) => path.remote.address);
    expect(used.filter((address) => !known.has(address))).toEqual([]);
  }
}

interface Datagram {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly payload: Uint8Array;
}

function record(scene: Scene): Datagram[] {
  const capture: Datagram[] = [];
  scene.sim.tap(({ from, to, payload }) => {
    capture.push({ from, to, payload: payload.slice() });
    return 'pass';
  });
  return capture;
}

function repeatAll(scene: Scene, delay: number): void {
  scene.sim.tap(({ from, to, payload }) => {
    const packet = { from, to, payload: payload.slice() };
    scene.sim.after(millis(delay), () => scene.sim.inject(packet));
    return 'pass';
  });
}

/** A packet of each type for each of the three, with a random rest, from the server and from anybody. */
function forgeries(scene: Scene, random: SeededRandom): Datagram[] {
  const targets = [
    { address: '198.51.100.10', port: 5000 },
    { address: '192.0.2.10', port: 6000 },
    scene.server.endpoint,
  ];
  const types = [...Object.values(PacketType), 0x10 + random.integer(16)];
  return targets.flatMap((to) =>
    types.map((type) => {
      // Small ones: it is not the line that is to be filled.
      const length = 30 + random.integer(120);
      const payload = random.bytes(length);
      writePrefix(payload, 0, type < 0x40 ? new Uint8Array(8) : random.bytes(8), type, length);
      const stranger = { address: `198.18.0.${random.integer(256)}`, port: 1024 };
      return { from: random.chance(0.5) ? scene.server.endpoint : stranger, to, payload };
    }),
  );
}
