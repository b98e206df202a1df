import { LanSearcher } from '../io/lan-beacon.ts';
import type { ReceiverSession } from '../protocol/session/receiver-session.ts';
import type { SessionRun } from './session-run.ts';

/** Looks for the sender on the local network, until it is stopped. */
export function searchLan(nameplate: number, run: SessionRun<ReceiverSession>): LanSearcher {
  const searcher = new LanSearcher({
    nameplate,
    onFound: (endpoint) => run.touch((session, now) => session.addServer(endpoint, now)),
  });
  searcher.start();
  return searcher;
}
