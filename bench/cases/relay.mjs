// Through the relay of a server on this machine, beside the direct path; and the relay alone, with
// one session and with a hundred.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { transfer } from '../transfer.mjs';
import { cpuSecondsOf, warmMemory } from '../workshop.mjs';

export const title = 'Relayed';

const PEERS = join(import.meta.dirname, '..', 'peers');
const LOAD_SECONDS = 5;

export async function run({ workshop, rounds, bytes, say }) {
  const ways = { 'p2pshare, relayed': ['--relay-only'], 'p2pshare, direct': ['--direct-only'] };
  const files = Object.keys(ways).map((name) => ({ name, unit: 'Gbit/s', values: [] }));
  const loads = [1, 100];
  const alone = loads.map((pairs) => ({
    name: `p2pshare's relay alone, ${sessions(pairs)}`,
    unit: 'Gbit/s',
    values: [],
  }));
  const perSecond = loads.map((pairs) => ({
    name: `per second of the relay's processor time, ${sessions(pairs)}`,
    unit: 'Gbit',
    values: [],
  }));
  const least = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, flags] of Object.values(ways).entries()) {
      const ms = await file(workshop, bytes, flags);
      files[index].values.push((bytes * 8) / ms / 1e6);
      say(`relay ${round + 1}/${rounds} ${files[index].name} ${(ms / 1000).toFixed(2)} s`);
    }
    for (const [index, pairs] of loads.entries()) {
      const { received, cpuSeconds } = await load(workshop, pairs);
      const bits = received.reduce((sum, each) => sum + each, 0) * 8;
      alone[index].values.push(bits / LOAD_SECONDS / 1e9);
      perSecond[index].values.push(bits / cpuSeconds / 1e9);
      if (pairs > 1) least.push((Math.min(...received) * 8 * pairs) / bits);
      say(`relay ${round + 1}/${rounds} ${alone[index].name} ${(bits / 1e9).toFixed(1)} Gbit`);
    }
  }
  const share = { name: 'least of 100 sessions, to their mean', unit: '', values: least };
  return { 'Relayed, beside direct': files, 'The relay alone': [...alone, ...perSecond, share] };
}

function sessions(count) {
  return count === 1 ? 'one session' : `${count} sessions`;
}

async function file(workshop, bytes, flags) {
  const source = await workshop.file(bytes);
  const out = workshop.path('target.bin');
  const beforeReceiver = () => warmMemory(workshop.folder, bytes);
  const start = (...program) => workshop.start(...program);
  const { ms } = await transfer(start, { source, out, flags, beforeReceiver });
  await workshop.endPrograms();
  await rm(out);
  return ms;
}

async function load(workshop, pairs) {
  const relay = workshop.start([join(PEERS, 'relay.mjs')], { isTold: true });
  const load = workshop.start(
    [join(PEERS, 'relay-load.mjs'), String(pairs), String(LOAD_SECONDS)],
    {
      isTold: true,
    },
  );
  relay.say(await load.line((line) => line.pairs !== undefined));
  load.say(await relay.line((line) => line.endpoint !== undefined));
  const { bytes: received } = await load.line((line) => line.bytes !== undefined);
  const cpuSeconds = await cpuSecondsOf(relay);
  await workshop.endPrograms();
  return { received, cpuSeconds };
}
