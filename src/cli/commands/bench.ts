import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { display } from '../../protocol/display.ts';
import type { Library } from '../library.ts';
import { type BenchEvent, jsonLine } from '../report/json-events.ts';
import { pickViews } from '../report/pick-view.ts';
import { parseDuration } from '../settings/duration.ts';
import type { Manual } from '../settings/manual.ts';
import { trial } from '../trial.ts';
import { formatRate } from '../words/quantity.ts';
import { type CommandContext, command } from './command.ts';
import { CAUSES_FLAG, onlyOnce, SERVER_FLAG } from './flags.ts';
import { namedServers } from './transfer-options.ts';

const MANUAL: Manual = {
  name: 'bench',
  summary: 'Measure how fast this machine, its disk and the way to a server are',
  about: [
    'Sends from this process to itself, sealed and checked like any transfer, and writes 256 MiB to the disk of the working directory, which are removed again. With a server the same goes through its relay and back, which costs its operator traffic; only servers that are named on the command line are used.',
  ],
  groups: [
    {
      title: 'What is measured',
      flags: {
        server: {
          ...SERVER_FLAG,
          perRun: true,
          describe: 'Try the way through the relay of this server as well; repeatable',
        },
        time: {
          type: 'string',
          value: 'TIME',
          check: parseDuration,
          describe: 'How long each trial takes, such as 10s; 5s by default',
        },
      },
    },
    {
      title: 'Output',
      flags: {
        json: { type: 'boolean', describe: 'Print each figure on stdout, one JSON object a line' },
        verbose: CAUSES_FLAG,
      },
    },
  ],
  examples: [
    { command: 'p2pshare bench', what: 'This machine and its disk' },
    { command: 'p2pshare bench --server HOST', what: 'And the way through a server' },
  ],
};

const DEFAULT_MS = 5000;
const DISK_BYTES = 2 ** 28;
const SERVER_COLUMNS = 200;

interface BenchArguments {
  readonly server: readonly string[] | undefined;
  readonly time: string | undefined;
  readonly json: boolean | undefined;
}

/** `p2pshare bench` */
export const BENCH = command<BenchArguments>(MANUAL, bench);

async function bench(args: BenchArguments, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const time = onlyOnce('time', args.time);
  const ms = time === undefined ? DEFAULT_MS : parseDuration(time);
  const view = args.json ? undefined : pickViews(terminal).all;
  const tell = (event: BenchEvent, words: string) => {
    view?.hide();
    if (args.json) terminal.stdout.write(jsonLine(event));
    else terminal.stdout.write(`${words.padEnd(24)} ${describeRate(event.rate)}\n`);
  };
  try {
    view?.wait('sending to itself');
    const library = await context.library();
    const machine = Math.round(await trialHere(library, ms, signal));
    tell({ event: 'bench', what: 'machine', rate: machine }, 'this machine, to itself');
    view?.wait('writing to the disk');
    const disk = Math.round(await diskRate(signal));
    tell({ event: 'bench', what: 'disk', rate: disk }, 'the disk of this folder');
    for (const server of namedServers(args.server)) {
      const name = display(server, SERVER_COLUMNS);
      view?.wait(`sending through ${name}`);
      const options = { servers: [server], route: 'relay', ms, signal } as const;
      const { bytesPerSecond, path } = await trial(library, options);
      const rate = Math.round(bytesPerSecond);
      const rttMs = path?.rttMs ?? null;
      const there = rttMs === null ? '' : `, ${Math.round(rttMs)} ms`;
      tell({ event: 'bench', what: 'relay', rate, server, rttMs }, `to ${name} and back${there}`);
    }
  } finally {
    view?.hide();
  }
}

/** By a server of its own, which only introduces it to itself. */
async function trialHere(library: Library, ms: number, signal: AbortSignal): Promise<number> {
  const server = await library.serve({ listen: '127.0.0.1:0', relay: false });
  try {
    const servers = server.endpoints.slice(0, 1);
    return (await trial(library, { servers, route: 'direct', ms, signal })).bytesPerSecond;
  } finally {
    await server.close();
  }
}

/** Bytes a second into a new file in the working directory, until they are on the disk. */
async function diskRate(signal: AbortSignal): Promise<number> {
  const folder = await mkdtemp(join(process.cwd(), '.p2pshare-bench-'));
  try {
    const file = await open(join(folder, 'noise'), 'wx');
    try {
      const piece = randomBytes(4 * 2 ** 20);
      const from = performance.now();
      for (let left = DISK_BYTES; left > 0; left -= piece.length) {
        signal.throwIfAborted();
        await file.write(piece);
      }
      await file.sync();
      return (DISK_BYTES / (performance.now() - from)) * 1000;
    } finally {
      await file.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `340.0 MB/s, 2.72 Gbit/s`: files are told in the one, lines in the other. */
function describeRate(bytesPerSecond: number): string {
  const bits = (bytesPerSecond * 8) / 1e6;
  const line = bits >= 1000 ? `${(bits / 1000).toFixed(2)} Gbit/s` : `${bits.toFixed(1)} Mbit/s`;
  return `${formatRate(bytesPerSecond).padStart(12)}   ${line}`;
}
