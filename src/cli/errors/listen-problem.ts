import { P2PShareError } from '../../protocol/errors.ts';
import { UsageError } from './usage-error.ts';

/** What a server that cannot listen by these `flags` is to be told; any other error stays as it is. */
export function listenProblem(error: unknown, flags: string): unknown {
  if (!(error instanceof P2PShareError) || error.code !== 'P2P_LOCAL_IO') return error;
  const words = PROBLEMS[(error.cause as NodeJS.ErrnoException | undefined)?.code ?? ''];
  if (words === undefined) return error;
  const [text, hint] = words;
  return new UsageError(text, hint.replace('--listen', flags), 'P2P_LOCAL_IO', { cause: error });
}

/** Text and hint by what the system says. */
const PROBLEMS: Readonly<Record<string, readonly [string, string]>> = {
  EADDRINUSE: [
    'something else listens at this address and port',
    'another p2pshare server, perhaps; choose another port with --listen ADDRESS:PORT',
  ],
  EADDRNOTAVAIL: [
    'this machine does not have this address',
    'name one of its own with --listen ADDRESS:PORT, or [::] for all',
  ],
  EACCES: [
    'this port is reserved for the administrator',
    'choose one above 1023 with --listen ADDRESS:PORT',
  ],
};
