import { readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PathEvent } from '../../src/client/api/events.ts';
import { ensureBuilt } from './support/build.ts';
import { Crossing, homes, MEGABITS } from './support/crossing.ts';
import { Lab, skipReason } from './support/lab.ts';
import type { HostName } from './support/lab-topology.ts';
import { block, limitRate, unblock } from './support/line-faults.ts';
import type { Program } from './support/program.ts';
import { Stage } from './support/stage.ts';

const reason = skipReason();
if (reason) console.warn(`roaming: skipped: ${reason}`);

/** A network of phones, without NAT: what `b` may have beside its home. */
const MOBILE = { router: '198.18.7.1', phone: '198.18.7.2' } as const;
const FAULT_MS = 4000;
/** F33: what cannot be sent costs less than a twentieth of a processor. */
const MOST_BUSY_MS = FAULT_MS / 20;

const stage = new Stage();
let lab: Lab;

beforeAll(ensureBuilt);
beforeEach(async () => {
  lab = await Lab.create();
  await limitRate(lab, 'rb', 'lan', MEGABITS);
  await homes(lab);
});
afterEach(async () => {
  await stage.clear();
  await lab.down();
});

describe.skipIf(reason)('a transfer', () => {
  it('goes along from Wi-Fi to a phone, and home again', async () => {
    await addMobileNetwork();
    const crossing = await Crossing.begin(stage, lab);
    await crossing.hasCome(0.2);
    // The receiver goes on sending to where it always did.
    const sender = [crossing.sender];
    const isPhone = ({ remote }: PathEvent) => remote.startsWith(`${MOBILE.phone}:`);
    await crossing.takes(isPhone, goMobile, sender);
    await crossing.hasCome(0.5);
    await crossing.takes((path) => path.kind === 'direct' && !isPhone(path), goHome, sender);
    await crossing.arrives();
  });

  it('moves to IPv6 when that comes up, to IPv4 while it is dead, and to IPv6 again', async () => {
    const crossing = await Crossing.begin(stage, lab);
    await crossing.hasCome(0.1);
    await crossing.movesTo('direct', addIpv6);
    await crossing.hasCome(0.3);
    await crossing.movesTo('direct', () => block(lab, 'core', 'forward', 'meta nfproto ipv6'));
    await crossing.hasCome(0.5);
    await crossing.movesTo('direct', () => unblock(lab, 'core'));
    await crossing.arrives();
    for (const peer of crossing.peers) {
      const families = peer.all('path').map(({ remote }) => (remote.startsWith('[') ? 6 : 4));
      // A path that turns out to be of a better kind is told again.
      const changes = families.filter((family, i) => family !== families[i - 1]);
      expect(changes.slice(-4)).toEqual([4, 6, 4, 6]);
    }
  });

  it.each([
    ['that the system forbids (EPERM)', forbid, allow],
    ['on a line that is unplugged (ENETUNREACH)', unplug, plug],
  ])('is not ended by sends %s, nor made to spin', async (_name, begin, end) => {
    const crossing = await Crossing.begin(stage, lab);
    await crossing.hasCome(0.2);
    await begin();
    // The pacer, and the timers that were set before, have come to rest.
    await crossing.receiver.event('status', ({ phase }) => phase === 'reconnecting');
    const before = busyMs(crossing.sender);
    await after(FAULT_MS);
    const busy = busyMs(crossing.sender) - before;
    await end();
    await crossing.arrives();
    expect(busy).toBeLessThan(MOST_BUSY_MS);
    expect(crossing.sender.all('error')).toEqual([]);
  });
});

// By TCP it would go on.
const forbid = () => block(lab, 'a', 'output', 'meta l4proto { tcp, udp }');
const allow = () => unblock(lab, 'a');
const unplug = () => ip('a', 'link set eth0 down');
const plug = () => ip('a', 'link set eth0 up', 'route replace default via 10.0.1.1');

/** Time of the processor that a program has had, in milliseconds (proc(5), in ticks of 10 ms). */
function busyMs({ pid }: Program): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** Routers without NAT and filters, and an address in each home. */
async function addIpv6(): Promise<void> {
  for (const host of ['core', 'ra', 'rb'] as const) {
    await lab.exec(host, 'sysctl', ['-qw', 'net.ipv6.conf.all.forwarding=1']);
  }
  await ip(
    'core',
    'addr add 2001:db8:a::1/64 dev to-ra nodad',
    'addr add 2001:db8:b::1/64 dev to-rb nodad',
  );
  await ip(
    'ra',
    'addr add 2001:db8:a::2/64 dev wan nodad',
    'addr add 2001:db8:1::1/64 dev lan nodad',
  );
  await ip(
    'rb',
    'addr add 2001:db8:b::2/64 dev wan nodad',
    'addr add 2001:db8:2::1/64 dev lan nodad',
  );
  await ip(
    'core',
    'route add 2001:db8:1::/64 via 2001:db8:a::2',
    'route add 2001:db8:2::/64 via 2001:db8:b::2',
  );
  await ip('ra', 'route add default via 2001:db8:a::1');
  await ip('rb', 'route add default via 2001:db8:b::1');
  await ip('a', 'addr add 2001:db8:1::2/64 dev eth0 nodad', 'route add default via 2001:db8:1::1');
  await ip('b', 'addr add 2001:db8:2::2/64 dev eth0 nodad', 'route add default via 2001:db8:2::1');
}

async function ip(host: HostName, ...commands: readonly string[]): Promise<void> {
  await lab.exec(host, 'ip', ['-batch', '-'], commands.join('\n'));
}

async function addMobileNetwork(): Promise<void> {
  const [core, b] = [lab.namespace('core'), lab.namespace('b')];
  await ip('core', `link add wm netns ${core} type veth peer name eth1 netns ${b}`);
  await ip('core', `addr add ${MOBILE.router}/24 dev wm`, 'link set wm up');
  await limitRate(lab, 'core', 'wm', MEGABITS);
}

async function goMobile(): Promise<void> {
  await ip('b', 'link set eth0 down', `addr add ${MOBILE.phone}/24 dev eth1`, 'link set eth1 up');
  await ip('b', `route replace default via ${MOBILE.router}`);
}

async function goHome(): Promise<void> {
  await ip('b', 'link set eth1 down', 'addr flush dev eth1', 'link set eth0 up');
  await ip('b', 'route replace default via 10.0.2.1');
}
