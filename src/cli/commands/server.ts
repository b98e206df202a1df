import { once } from 'node:events';
import type { Argv } from 'yargs';
import type { CertificateFiles } from '../../client/options.ts';
import { jsonLine } from '../json-events.ts';
import { listenProblem } from '../listen-problem.ts';
import { UsageError } from '../usage-error.ts';
import type { Command, CommandContext } from './command.ts';
import { OUTPUT_FLAGS, onlyOnce } from './flags.ts';

const SERVER_FLAGS = {
  listen: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Where to listen, ADDRESS:PORT; repeatable [default: [::]:9420]',
  },
  'tls-cert': {
    type: 'string',
    requiresArg: true,
    describe: 'Certificate for wss:// over TCP, PEM; needs --tls-key',
  },
  'tls-key': { type: 'string', requiresArg: true, describe: 'Its private key, PEM' },
  'no-relay': { type: 'boolean', describe: 'Introduce peers, but carry no files between them' },
  json: OUTPUT_FLAGS.json,
  quiet: { alias: 'q', type: 'boolean', describe: 'Print no more than errors' },
  verbose: { alias: 'v', type: 'boolean', describe: 'Print causes of errors too' },
} as const;

interface ServerArguments {
  readonly listen: string[] | undefined;
  readonly 'tls-cert': string | undefined;
  readonly 'tls-key': string | undefined;
  readonly 'no-relay': boolean | undefined;
  readonly json: boolean | undefined;
  readonly quiet: boolean | undefined;
}

/** `p2pshare server` */
export function addServer(yargs: Argv, choose: (command: Command) => void): Argv {
  return yargs.command(
    'server',
    'Run a server: introduces peers and relays where no direct path works',
    (command) => command.options(SERVER_FLAGS),
    (args) => choose((context) => serve(args, context)),
  );
}

async function serve(args: ServerArguments, context: CommandContext): Promise<void> {
  const { terminal, library, signal } = context;
  const { listen } = args;
  const tls = certificateFiles(args);
  const server = await library
    .serve({
      ...(listen === undefined ? {} : { listen }),
      ...(tls === undefined ? {} : { tls }),
      relay: args['no-relay'] !== true,
      signal,
    })
    .catch((error: unknown) => {
      throw listenProblem(error);
    });
  const { endpoints } = server;
  if (args.json) terminal.stdout.write(jsonLine({ event: 'ready', endpoints }));
  else if (!args.quiet) terminal.stderr.write(`p2pshare server ready on ${endpoints.join(', ')}\n`);
  if (!signal.aborted) await once(signal, 'abort');
  const stats = server.stats();
  await server.close();
  if (args.json) terminal.stdout.write(jsonLine({ event: 'closed', stats }));
  // A server has no other end than an interruption.
  signal.throwIfAborted();
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
