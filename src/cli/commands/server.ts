import { once } from 'node:events';
import {
  type CertificateFiles,
  MAX_PER_ADDRESS,
  type ServerEvent,
} from '../../client/api/options.ts';
import { listenProblem } from '../errors/listen-problem.ts';
import { UsageError } from '../errors/usage-error.ts';
import { jsonLine } from '../report/json-events.ts';
import type { Flags, Manual } from '../settings/manual.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type CommandContext, command } from './command.ts';
import { CAUSES_FLAG, OUTPUT_FLAGS, onlyOnce } from './flags.ts';

const LISTEN_FLAGS = {
  listen: {
    type: 'string',
    array: true,
    value: 'ADDRESS:PORT',
    describe: 'Where to listen, [::]:9420 when left out; repeatable',
  },
  'tls-cert': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    describe: 'Certificate for wss:// over TCP, PEM; needs --tls-key',
  },
  'tls-key': { type: 'string', value: 'FILE', isPath: true, describe: 'Its private key, PEM' },
  'per-address': {
    type: 'string',
    value: 'N',
    describe: 'Transfers that one address may have at once, and begin in a minute',
  },
  monitor: {
    type: 'string',
    value: 'ADDRESS:PORT',
    describe: 'Answer monitors there over HTTP: /metrics and /healthz',
  },
  'no-relay': { type: 'boolean', describe: 'Introduce peers, but carry no files between them' },
} as const satisfies Flags;

const MANUAL: Manual = {
  name: 'server',
  summary: 'Run a server: introduces peers and relays where no direct path works',
  about: [
    'Listens on UDP and TCP at one port, and on UDP at the next one, where clients find out what their NATs do. It sees addresses, times and amounts, but no file, no name and no word of a code.',
    'Prints one line when it is ready, and runs until a signal ends it. It keeps nothing on the disk, and needs no rights beyond a port of its own.',
  ],
  groups: [
    { title: 'What it does', flags: LISTEN_FLAGS },
    {
      title: 'Output',
      flags: {
        json: OUTPUT_FLAGS.json,
        quiet: { ...OUTPUT_FLAGS.quiet, describe: 'Print no more than errors' },
        verbose: CAUSES_FLAG,
      },
    },
  ],
  examples: [
    { command: 'p2pshare server', what: 'On every address, port 9420' },
    {
      command: 'p2pshare server --listen 203.0.113.1:9420 --listen 203.0.113.2:9420',
      what: 'On two addresses: clients can tell more kinds of NAT apart',
    },
    {
      command: 'p2pshare server --listen [::]:443 --tls-cert cert.pem --tls-key key.pem',
      what: 'For clients whose network lets nothing but HTTPS out',
    },
  ],
};

interface ServerArguments {
  readonly listen: string[] | undefined;
  readonly 'tls-cert': string | undefined;
  readonly 'tls-key': string | undefined;
  readonly 'per-address': string | undefined;
  readonly monitor: string | undefined;
  readonly 'no-relay': boolean | undefined;
  readonly json: boolean | undefined;
  readonly quiet: boolean | undefined;
}

type Output = Pick<ServerArguments, 'json' | 'quiet'>;

/** `p2pshare server` */
export const SERVER = command<ServerArguments>(MANUAL, serve);

async function serve(args: ServerArguments, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const { listen } = args;
  const tls = certificateFiles(args);
  const perAddress = transfersPerAddress(onlyOnce('per-address', args['per-address']));
  const monitor = onlyOnce('monitor', args.monitor);
  const library = await context.library();
  const server = await library
    .serve({
      ...(listen === undefined ? {} : { listen }),
      ...(tls === undefined ? {} : { tls }),
      relay: args['no-relay'] !== true,
      ...(perAddress === undefined ? {} : { perAddress }),
      ...(monitor === undefined ? {} : { monitor }),
      signal,
      onEvent: (event) => tell(event, args, terminal),
    })
    .catch((error: unknown) => {
      throw listenProblem(error, monitor === undefined ? '--listen' : '--listen or --monitor');
    });
  if (!signal.aborted) await once(signal, 'abort');
  const stats = server.stats();
  await server.close();
  if (args.json) terminal.stdout.write(jsonLine({ event: 'closed', stats }));
  // A server has no other end than an interruption.
  signal.throwIfAborted();
}

/** Says what happens, but for the end: the counters of that are known when all is closed. */
function tell(event: ServerEvent, { json, quiet }: Output, { stdout, stderr }: Terminal): void {
  if (event.event === 'closed') return;
  if (json) stdout.write(jsonLine(event));
  else if (!quiet) stderr.write(`p2pshare server ${said(event)}\n`);
}

function said(event: Exclude<ServerEvent, { event: 'closed' }>): string {
  if (event.event === 'certificate') {
    return event.state === 'renewed'
      ? 'shows the renewed certificate'
      : 'cannot read its certificate again, and goes on with the old one';
  }
  const { endpoints, monitor } = event;
  const where = `ready on ${endpoints.join(', ')}`;
  return monitor === undefined ? where : `${where}; monitors: http://${monitor}/metrics`;
}

function transfersPerAddress(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const transfers = /^[1-9][0-9]{0,4}$/.test(given) ? Number(given) : 0;
  if (transfers >= 1 && transfers <= MAX_PER_ADDRESS) return transfers;
  throw new UsageError(`--per-address takes a number from 1 to ${MAX_PER_ADDRESS}`);
}

function certificateFiles(args: ServerArguments): CertificateFiles | undefined {
  const cert = onlyOnce('tls-cert', args['tls-cert']);
  const key = onlyOnce('tls-key', args['tls-key']);
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new UsageError('--tls-cert and --tls-key belong together');
  }
  return { cert, key };
}
