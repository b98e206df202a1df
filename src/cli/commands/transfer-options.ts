import type { CommonOptions, RoutePolicy } from '../../client/api/options.ts';
import { UsageError } from '../errors/usage-error.ts';
import type { ReporterOptions } from '../report/reporter-for.ts';
import { parseDuration } from '../settings/duration.ts';
import { parseRate } from '../settings/rate.ts';
import { stateFolder } from '../settings/state-folder.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { onlyOnce } from './flags.ts';

/** The flags of `WAY_FLAGS` as they were given. */
export interface TransferArguments {
  readonly server: readonly string[] | undefined;
  readonly 'relay-only': boolean | undefined;
  readonly 'direct-only': boolean | undefined;
  readonly 'no-lan': boolean | undefined;
  readonly 'no-udp': boolean | undefined;
  readonly 'no-port-mapping': boolean | undefined;
  readonly 'thorough-search': boolean | undefined;
  readonly limit: string | undefined;
  readonly timeout: string | undefined;
}

/** The library's options for these flags. */
export function transferOptions(
  args: TransferArguments,
  terminal: Terminal,
): CommonOptions & { readonly servers: readonly string[] } {
  const timeout = onlyOnce('timeout', args.timeout);
  const limit = onlyOnce('limit', args.limit);
  const named = namedServers(args.server);
  const policy = route(args);
  const folder = stateFolder(terminal.env);
  if (named.length === 0) refuseWithoutServer(args);
  return {
    servers: named,
    lan: args['no-lan'] !== true,
    ...(args['no-udp'] ? { udp: false } : {}),
    ...(args['no-port-mapping'] ? { portMapping: false } : {}),
    ...(args['thorough-search'] ? { thoroughSearch: true } : {}),
    route: policy,
    ...(folder === undefined ? {} : { stateFolder: folder }),
    ...(limit === undefined ? {} : { limit: parseRate(limit) }),
    ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout) }),
  };
}

/** The servers that are to be used. Throws `UsageError` for one without a name. */
export function namedServers(servers: readonly string[] = []): string[] {
  const named = servers.map((server) => server.trim());
  if (named.includes('')) throw new UsageError('--server is empty');
  return named;
}

/** What a reporter has to know of the flags. */
export function reporterOptions(
  args: {
    readonly json: boolean | undefined;
    readonly quiet: boolean | undefined;
    readonly verbose: boolean | undefined;
  },
  rest: Pick<ReporterOptions, 'role' | 'servers' | 'several'>,
): ReporterOptions {
  return {
    json: args.json === true,
    quiet: args.quiet === true,
    verbose: args.verbose === true,
    ...rest,
  };
}

/** Without a server the local network is all there is, and nobody there relays. */
function refuseWithoutServer(args: TransferArguments): void {
  const flag = args['relay-only'] ? '--relay-only' : args['no-lan'] ? '--no-lan' : undefined;
  if (flag === undefined) return;
  const hint = 'name one with --server HOST or in P2PSHARE_SERVER, or leave the flag out';
  throw new UsageError(`${flag} needs a server`, hint);
}

function route(args: TransferArguments): RoutePolicy {
  if (args['relay-only'] && args['direct-only']) {
    throw new UsageError('--relay-only and --direct-only exclude each other');
  }
  if (args['relay-only']) return 'relay';
  return args['direct-only'] ? 'direct' : 'any';
}
