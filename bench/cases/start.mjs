// How long somebody waits: from the command to the code, and for the receiver from the moment both
// sides have met to the direct path and to the first byte; beside Node itself, which does nothing.
// And how long a receiver's command takes altogether, which is what a script waits for at each file.
// The file has one byte, so that the first byte is there at the latest when the file is complete.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { CLI } from '../transfer.mjs';

export const title = 'Start';

export async function run({ workshop, rounds, say }) {
  const source = workshop.path('one-byte.bin');
  await writeFile(source, '1');
  const times = { node: [], code: [], joined: [], firstByte: [], direct: [], whole: [] };
  for (let round = 0; round < rounds * 3; round += 1) {
    times.node.push(timeOf(() => execFileSync(process.execPath, ['-e', '0'])));
    const found = await once(workshop, source, workshop.path(`out-${round}.bin`));
    for (const [name, ms] of Object.entries(found)) times[name].push(ms);
    await workshop.endPrograms();
    say(`start ${round + 1}/${rounds * 3} code ${found.code.toFixed(0)} ms`);
  }
  return [
    { name: 'Node, to start and end', unit: 'ms', base: false, values: times.node },
    { name: 'command to code', unit: 'ms', base: false, values: times.code },
    { name: 'receive command to both joined', unit: 'ms', base: false, values: times.joined },
    { name: 'joined to first byte, at most', unit: 'ms', base: false, values: times.firstByte },
    { name: 'joined to direct path', unit: 'ms', base: false, values: times.direct },
    { name: 'receive command, start to end', unit: 'ms', base: false, values: times.whole },
  ];
}

async function once(workshop, source, out) {
  const env = { XDG_STATE_HOME: workshop.path('state') };
  const server = workshop.start([CLI, 'server', '--json', '--listen', '127.0.0.1:0'], { env });
  const { endpoints } = await server.line(({ event }) => event === 'ready');
  const common = ['--json', '--no-lan', '--no-port-mapping', '--server', endpoints[0]];
  let from = performance.now();
  const sender = workshop.start([CLI, 'send', ...common, source], { env });
  const { code } = await sender.line(({ event }) => event === 'code');
  const toCode = performance.now() - from;
  from = performance.now();
  const receiver = workshop.start([CLI, 'receive', '--yes', '--out', out, ...common, code], {
    env,
  });
  const marks = {};
  await receiver.line(({ event, state, kind }) => {
    if (event === 'peer' && state === 'joined') marks.joined ??= performance.now();
    if (event === 'path' && kind === 'direct') marks.direct ??= performance.now();
    return event === 'file';
  });
  marks.complete = performance.now();
  await receiver.success();
  const whole = performance.now() - from;
  await sender.success();
  return {
    code: toCode,
    joined: marks.joined - from,
    firstByte: marks.complete - marks.joined,
    direct: marks.direct - marks.joined,
    whole,
  };
}

function timeOf(action) {
  const begin = performance.now();
  action();
  return performance.now() - begin;
}
