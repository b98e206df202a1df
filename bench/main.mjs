// The benchmark: every case in turn, medians, ratios, and the machine they were measured on.
//   npm run bench [-- CASE… --rounds 5 --bytes 1073741824 --dir DIR --peers DIR --only NAME… --write]
// Cases: loopback, namespaces, relay, links, files, start; all of them by default. `--peers` is a
// folder in which udx-native, node-datachannel and @number0/iroh were installed with npm. `--write`
// puts the figures and the chart into docs/.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { chart, machine, summarize, table } from './report.mjs';
import { Workshop } from './workshop.mjs';

const CASES = ['loopback', 'namespaces', 'relay', 'links', 'files', 'start'];
const DOCS = join(import.meta.dirname, '..', 'docs');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    bytes: { type: 'string', default: String(2 ** 30) },
    // A folder on a disk is what a transfer ends on; one in memory shows the programs alone.
    dir: { type: 'string', default: tmpdir() },
    peers: { type: 'string' },
    only: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => !CASES.includes(name));
if (unknown.length > 0) throw new Error(`no such case: ${unknown}; there are ${CASES.join(', ')}`);

const results = [];
for (const name of positionals.length > 0 ? positionals : CASES)
  results.push(...(await runCase(name)));
if (values.write) await write(results);

async function runCase(name) {
  const { title, run } = await import(`./cases/${name}.mjs`);
  const workshop = await Workshop.open(values.dir);
  const end = () => workshop.close().finally(() => process.exit(1));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, end);
  try {
    const found = await run({
      workshop,
      rounds: Number(values.rounds),
      bytes: Number(values.bytes),
      packages: values.peers && resolve(values.peers),
      isWanted: (each) => values.only === undefined || values.only.includes(each),
      say: (text) => process.stderr.write(`${text}\n`),
    });
    // A case of several tables yields them by title.
    const tables = Array.isArray(found) ? { [title]: found } : found;
    return Object.entries(tables).map(([each, rows]) => report(name, each, rows));
  } catch (error) {
    if (error.code !== 'SKIPPED') throw error;
    process.stdout.write(`${title}: left out, ${error.message}\n\n`);
    return [];
  } finally {
    await workshop.close();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeListener(signal, end);
  }
}

function report(name, title, found) {
  const rows = summarize(found);
  process.stdout.write(`${table(title, rows)}\n\n`);
  return {
    case: name,
    title,
    rows,
    machine: machine(),
    dir: values.dir,
    bytes: Number(values.bytes),
  };
}

/** Tables that were not made keep the figures of the run before, and all their places. */
async function write(fresh) {
  const path = join(DOCS, 'benchmark.json');
  const before = existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : [];
  const tables = new Map([...before, ...fresh].map((one) => [one.title, one]));
  const all = [...tables.values()];
  all.sort((a, b) => CASES.indexOf(a.case) - CASES.indexOf(b.case));
  await writeFile(path, `${JSON.stringify(all, undefined, 2)}\n`);
  await writeFile(join(DOCS, 'benchmark.svg'), chart(all));
}
