import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Capture } from './support/capture.ts';
import { ForeignFlows } from './support/foreign-flows.ts';
import { Lab, skipReason } from './support/lab.ts';
import { LabSocket } from './support/lab-socket.ts';
import { addresses } from './support/lab-topology.ts';
import { NatProbe } from './support/nat-probe.ts';
import { nat } from './support/nat-recipes.ts';

const reason = skipReason();
if (reason) console.warn(`lab-instruments: skipped: ${reason}`);

/** Nobody listens there (RFC 863 has it thrown away). */
const DISCARD = 9;

let lab: Lab;

describe.skipIf(reason)('the instruments of the laboratory', () => {
  beforeAll(async () => {
    lab = await Lab.create();
  });
  afterAll(() => lab.down());

  it('foreign flows take one port each of a NAT that gives them in sequence', async () => {
    await lab.nat('ra', nat.symmetricSequential);
    const probe = await NatProbe.start(lab);
    const before = await probe.place('a');
    const others = await ForeignFlows.start(lab, 'a2', 400);
    await others.reach(100);
    const taken = await others.stop();
    expect(taken).toBeGreaterThanOrEqual(100);
    const after = await probe.place('a');
    expect(after.port - before.port).toBe(taken + 1);
  });

  it('a capture knows what went to endpoints that never answered, and counts nothing else', async () => {
    await lab.nat('ra', nat.portRestricted);
    const capture = await Capture.start(lab, 'a');
    const [client, friend] = await Promise.all([
      LabSocket.open(lab, 'a'),
      LabSocket.open(lab, 'p'),
    ]);
    await client.send('are you there?', { address: addresses.p, port: friend.port });
    await friend.send('yes', await friend.receive());
    await client.receive();
    for (const text of ['anybody?', 'x'.repeat(100), 'anybody?']) {
      await client.send(text, { address: addresses.p, port: DISCARD });
    }
    await client.send('nobody', { address: addresses.s[0], port: DISCARD });
    expect(await capture.unanswered()).toEqual({
      endpoints: 2,
      packets: 4,
      bytes: 8 + 100 + 8 + 6,
      largest: 100,
    });
  });

  it('a capture begins with nothing', async () => {
    const capture = await Capture.start(lab, 'a');
    expect(await capture.unanswered()).toEqual({ endpoints: 0, packets: 0, bytes: 0, largest: 0 });
  });
});
