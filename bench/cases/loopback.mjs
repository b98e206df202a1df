// One file over loopback, from file to file, and on the disk at the end on every side.
import { rm } from 'node:fs/promises';
import { contestants } from '../contestants.mjs';
import { sha256, warmMemory } from '../workshop.mjs';

export const title = 'One file over loopback';

export async function run({ workshop, rounds, bytes, packages, isWanted, say }) {
  const all = contestants(packages).filter(({ name }) => isWanted(name));
  const rows = all.map(({ name, note }) => ({ name, note, unit: 'Gbit/s', values: [] }));
  const usage = { sender: [], receiver: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, contestant] of all.entries()) {
      const size = Math.floor(bytes / (contestant.share ?? 1));
      const { ms, usage: used } = await once(workshop, contestant, size, round === 0);
      rows[index].values.push((size * 8) / ms / 1e6);
      if (contestant.name === 'p2pshare') {
        usage.sender.push(used.sender);
        usage.receiver.push(used.receiver);
      }
      say(`loopback ${round + 1}/${rounds} ${contestant.name} ${(ms / 1000).toFixed(2)} s`);
    }
  }
  return [...rows, ...usageRows(usage, bytes)];
}

async function once(workshop, { name, run, share, warms }, bytes, isChecked) {
  const source = await workshop.file(bytes);
  const out = workshop.path('target.bin');
  const warm = () => warmMemory(workshop.folder, bytes);
  if (!warms) await warm();
  const result = await run(workshop, source, out, bytes, warm);
  await workshop.endPrograms();
  const { isFile = true } = result;
  if (isChecked && isFile && (await sha256(out)) !== (await sha256(source))) {
    throw new Error(`${name}: what arrived is not what was sent (${share ?? 1})`);
  }
  await rm(out);
  return result;
}

function usageRows(usage, bytes) {
  const perGib = 2 ** 30 / bytes;
  return Object.entries(usage).flatMap(([side, all]) => [
    {
      name: `processor time of the ${side}, per GiB`,
      unit: 's',
      base: false,
      values: all.map(({ cpuSeconds }) => cpuSeconds * perGib),
    },
    {
      name: `largest resident size of the ${side}`,
      unit: 'MiB',
      base: false,
      values: all.map(({ peakMib }) => peakMib),
    },
  ]);
}
