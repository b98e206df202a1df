// Long, slow and lossy links, made by linkemu.c between two namespaces; TCP beside it as iperf3 runs
// it, with BBR and with CUBIC. A text, and a folder of small ones, compressed by Zstandard, by Brotli and not at all. And 20 Mbit/s shared with one TCP flow.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { tool } from '../contestants.mjs';
import { Namespaces, skipped } from '../namespaces.mjs';
import { CLI, transfer } from '../transfer.mjs';

export const title = 'Lossy links';

const SECONDS = 24;
/** Two that share a link need some time until both know what there is. */
const SHARED_SECONDS = 50;
const SETTLING_SECONDS = 15;
const TCP_BUFFERS = `4096 262144 ${64 * 2 ** 20}`;
const NEAR = '10.66.0.1';
const FAR = '10.66.0.2';

/** Megabits and milliseconds there and back; a queue of one product of both; loss in both directions. */
const LINKS = [
  { name: '100 Mbit/s, 50 ms', rate: 100, rtt: 50, loss: [] },
  { name: '100 Mbit/s, 50 ms, 1 % loss', rate: 100, rtt: 50, loss: ['-l', '1'] },
  {
    name: '100 Mbit/s, 50 ms, 1 % loss in bursts of 5',
    rate: 100,
    rtt: 50,
    loss: ['-g', '0.002:0.2'],
  },
  { name: '1 Gbit/s, 100 ms, 0.1 % loss', rate: 1000, rtt: 100, loss: ['-l', '0.1'] },
  { name: '200 Mbit/s, 200 ms, 2 % loss', rate: 200, rtt: 200, loss: ['-l', '2'] },
];
const TEXTS = [20, 200, 500, 1000].map((rate) => ({
  name: `A text over ${rate} Mbit/s, 30 ms`,
  rate,
  rtt: 30,
  loss: [],
}));
const TREES = [20, 100].map((rate) => ({
  name: `Small texts over ${rate} Mbit/s, 30 ms`,
  rate,
  rtt: 30,
  loss: [],
}));
const SHARED = [0.2, 1, 10].map((queue) => ({
  name: `20 Mbit/s, 30 ms, a queue of ${queue === 1 ? '1 product' : `${queue} products`} of both`,
  rate: 20,
  rtt: 30,
  loss: [],
  queue,
}));

export async function run({ workshop, rounds, isWanted, say }) {
  const emulator = build(workshop);
  const namespaces = new Namespaces(workshop);
  const context = { workshop, emulator, namespaces, say };
  const tables = {};
  for (const link of LINKS.filter(({ name }) => isWanted(name))) {
    tables[link.name] = await onLink(context, link, linkWays(), rounds);
  }
  for (const link of TEXTS.filter(({ name }) => isWanted(name))) {
    tables[link.name] = await onLink(context, link, compressedWays(text), rounds);
  }
  for (const link of TREES.filter(({ name }) => isWanted(name))) {
    tables[link.name] = await onLink(context, link, compressedWays(tree), rounds);
  }
  for (const link of SHARED.filter(({ name }) => isWanted(name))) {
    tables[`${link.name}, shared`] = await shared(context, link, rounds);
  }
  return tables;
}

function build(workshop) {
  if (tool('cc') === undefined) throw skipped('there is no C compiler for linkemu.c');
  const path = workshop.path('linkemu');
  const source = join(import.meta.dirname, '..', 'linkemu.c');
  execFileSync('cc', ['-O2', '-o', path, source, '-lm']);
  return path;
}

/** Starts the link; yields the places of a transfer over it, and how to end it. */
async function raise({ workshop, emulator, namespaces }, { rate, rtt, loss, queue = 1 }) {
  const [near, far] = [namespaces.add('a'), namespaces.add('b')];
  const product = (rate * 1e6 * rtt) / 8000;
  const link = workshop.start(
    [
      '-a',
      near,
      '-b',
      far,
      '-A',
      `${NEAR}/24`,
      '-B',
      `${FAR}/24`,
      '-r',
      `${rate}e6`,
      '-d',
      String(rtt / 2),
      '-q',
      String(product * queue),
      ...loss,
    ],
    { command: emulator },
  );
  await link.complaint(/up:/);
  // Else TCP would be held by its buffers, and not by the link.
  for (const namespace of [near, far]) {
    namespaces.run(namespace, 'sysctl', '-qw', `net.ipv4.tcp_rmem=${TCP_BUFFERS}`);
    namespaces.run(namespace, 'sysctl', '-qw', `net.ipv4.tcp_wmem=${TCP_BUFFERS}`);
  }
  const receiver = { namespace: far };
  const places = { server: receiver, sender: { namespace: near }, receiver, address: FAR };
  return { places, link };
}

function linkWays() {
  const hasIperf = tool('iperf3') !== undefined;
  return {
    p2pshare: p2pshare(noise),
    ...(hasIperf ? { 'TCP, BBR': tcp('bbr'), 'TCP, CUBIC': tcp('cubic') } : {}),
  };
}

function compressedWays(make) {
  return {
    p2pshare: p2pshare(make),
    'p2pshare, Brotli': p2pshare(make, { env: { P2PSHARE_NO_ZSTD: '1' } }),
    'p2pshare --no-compress': p2pshare(make, { sendFlags: ['--no-compress'] }),
  };
}

const noise = async (workshop, bytes) => ({ path: await workshop.file(bytes), bytes });
const text = async (workshop, bytes) => ({ path: await workshop.text(bytes), bytes });
const tree = async (workshop, bytes) => await workshop.tree(bytes);

async function onLink(context, link, ways, rounds) {
  const rows = Object.keys(ways).map((name) => ({ name, unit: 'Mbit/s', values: [] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, way] of Object.values(ways).entries()) {
      const { places } = await raise(context, link);
      const rate = await way(context, places, link);
      await context.workshop.endPrograms();
      rows[index].values.push(rate);
      context.say(
        `${link.name} ${round + 1}/${rounds} ${rows[index].name} ${rate.toFixed(1)} Mbit/s`,
      );
    }
  }
  const share = rows[0].values.map((rate) => rate / link.rate);
  return [...rows, { name: 'share of the link', unit: '', base: false, values: share }];
}

/** Sends what `make` makes: as much as the link carries in so many seconds. */
function p2pshare(make, options = {}) {
  return async ({ workshop }, places, { rate }) => {
    const { path, bytes } = await make(workshop, Math.floor((rate * 1e6 * SECONDS) / 8));
    const out = workshop.path('target.bin');
    const { ms } = await transfer((...program) => workshop.start(...program), {
      source: path,
      out,
      places,
      ...options,
    });
    await rm(out, { recursive: true });
    return (bytes * 8) / ms / 1000;
  };
}

function tcp(congestion) {
  return async ({ workshop }, places) => {
    const client = await iperf(workshop, places, congestion, SECONDS);
    return await rateOf(client);
  };
}

async function iperf(workshop, places, congestion, seconds) {
  const server = workshop.start(['-s', '-1', '-p', '5201', '--forceflush'], {
    ...places.receiver,
    command: 'iperf3',
  });
  await server.spoken();
  const flags = ['-c', FAR, '-p', '5201', '-t', String(seconds), '-C', congestion, '-J'];
  return workshop.start(flags, { ...places.sender, command: 'iperf3' });
}

async function rateOf(client) {
  const { end } = JSON.parse(await client.rest());
  return end.sum_received.bits_per_second / 1e6;
}

/** What each of two gets that share the link. */
async function shared(context, link, rounds) {
  const rows = ['p2pshare', 'TCP, CUBIC'].map((name) => ({
    name,
    unit: 'share',
    base: false,
    values: [],
  }));
  for (let round = 0; round < rounds; round += 1) {
    const { places } = await raise(context, link);
    const rates = await together(context.workshop, places, link);
    await context.workshop.endPrograms();
    for (const [index, rate] of rates.entries()) rows[index].values.push(rate / link.rate);
    context.say(
      `${link.name} ${round + 1}/${rounds} ${rates.map((rate) => rate.toFixed(1))} Mbit/s`,
    );
  }
  return rows;
}

async function together(workshop, places, { rate }) {
  const seconds = SHARED_SECONDS;
  const source = await workshop.file(Math.floor((rate * 1e6 * 2 * seconds) / 8));
  const server = workshop.start([CLI, 'server', '--json', '--listen', `${FAR}:0`], places.server);
  const { endpoints } = await server.line(({ event }) => event === 'ready');
  const common = ['--json', '--no-lan', '--no-port-mapping', '--server', endpoints[0]];
  const sender = workshop.start([CLI, 'send', ...common, source], places.sender);
  const { code } = await sender.line(({ event }) => event === 'code');
  // A folder of its own: in the same one, what came in the rounds before would not travel again.
  const out = join(await mkdtemp(workshop.path('shared-')), 'target.bin');
  const receive = ['receive', '--yes', '--out', out, ...common, code];
  const receiver = workshop.start([CLI, ...receive], places.receiver);
  await receiver.line(({ event, phase }) => event === 'status' && phase === 'transferring');
  const client = await iperf(workshop, places, 'cubic', seconds);
  const from = performance.now();
  const progressAfter =
    (ms) =>
    ({ event }) =>
      event === 'progress' && performance.now() - from > ms;
  const first = await receiver.line(progressAfter(SETTLING_SECONDS * 1000));
  const begun = performance.now();
  const last = await receiver.line(progressAfter(seconds * 1000 - 1000));
  const ours = ((last.bytes - first.bytes) * 8) / (performance.now() - begun) / 1000;
  const { intervals } = JSON.parse(await client.rest());
  const later = intervals.map(({ sum }) => sum).filter(({ start }) => start >= SETTLING_SECONDS);
  const theirs =
    later.reduce((total, { bits_per_second: bits }) => total + bits, 0) / later.length / 1e6;
  return [ours, theirs];
}
