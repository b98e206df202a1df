import { LanSearcher } from '../../io/network/lan-beacon.ts';
import type { ReceiverSession } from '../../protocol/session/receiver-session.ts';
import { type Millis, millis } from '../../protocol/time.ts';
import type { SessionRun } from './session-run.ts';

/** How long the LAN is searched: alone, and beside a server that knows the answer anyway. */
const ALONE = millis(10_000);
const BESIDE_SERVER = millis(1500);

export function lanSearchMs(isBesideServer: boolean): Millis {
  return isBesideServer ? BESIDE_SERVER : ALONE;
}

/** Looks for the sender on the local network, until it is stopped. */
export function searchLan(nameplate: number, run: SessionRun<ReceiverSession>): LanSearcher {
  const searcher = new LanSearcher({
    nameplate,
    onFound: (endpoint) => run.touch((session, now) => session.addServer(endpoint, now)),
  });
  searcher.start();
  return searcher;
}
