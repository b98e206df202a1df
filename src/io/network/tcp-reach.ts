import { connect } from 'node:net';
import type { Endpoint } from '../../protocol/wire/endpoint.ts';

/** What became of an attempt to connect. */
export type TcpReach = 'accepted' | 'refused' | 'unanswered' | 'unreachable';

/** RFC 6298 §2 has the first repetition of a SYN after 1 s and the second 2 s later. */
const PATIENCE_MS = 3_300;

/** Opens a TCP connection and ends it at once. What has not happened when `end` is aborted, does not. */
export async function reachByTcp({ address, port }: Endpoint, end: AbortSignal): Promise<TcpReach> {
  return await new Promise((resolve) => {
    const socket = connect({ host: address, port, signal: end, timeout: PATIENCE_MS });
    const finish = (reach: TcpReach) => {
      socket.destroy();
      resolve(reach);
    };
    socket.once('connect', () => finish('accepted'));
    socket.once('timeout', () => finish('unanswered'));
    socket.once('error', (error) => finish(end.aborted ? 'unanswered' : reachOf(error)));
  });
}

function reachOf({ code }: NodeJS.ErrnoException): TcpReach {
  if (code === 'ECONNREFUSED') return 'refused';
  return code === 'ETIMEDOUT' ? 'unanswered' : 'unreachable';
}
