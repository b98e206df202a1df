import { proxyFor } from '../../io/network/proxy-server.ts';
import type { ServerAddress } from '../../io/network/resolve-server.ts';
import { UNSPECIFIED } from '../../protocol/wire/endpoint.ts';
import type { StreamDiagnosis } from '../api/diagnosis.ts';

/** Three round trips of a bad path, through a proxy and with TLS, and one repetition. */
const PATIENCE_MS = 5000;

/** Opens the connection that transfers would, and ends it at once. */
export async function checkStream(
  server: ServerAddress,
  end: AbortSignal,
): Promise<StreamDiagnosis> {
  const { tls } = server;
  const dial = { server, tls, remote: UNSPECIFIED, signal: end, timeoutMs: PATIENCE_MS };
  const { dialWebSocket } = await import('../../io/network/websocket-dial.ts');
  const works = await dialWebSocket(dial).then(
    (channel) => {
      channel.terminate();
      return true;
    },
    () => false,
  );
  return { works, tls, proxied: hasProxy(server) };
}

function hasProxy(server: ServerAddress): boolean {
  try {
    return proxyFor(server) !== undefined;
  } catch {
    // What the environment names is none: transfers say so.
    return true;
  }
}
