import type { WebSocketCounters } from '../io/network/websocket-listener.ts';
import type { Outcome } from '../protocol/rendezvous/requests.ts';
import type { ServerCounters, ServerEvent } from '../protocol/rendezvous/server-event.ts';

/** What has happened since the start. How a registration was `closed` its host says. */
type Happening = Exclude<ServerEvent['kind'], 'closed'> | Outcome;

/** Everything that is known of a running server: numbers alone. */
export interface ServerStats extends ServerCounters {
  readonly happened: Readonly<Record<Happening, number>>;
  readonly websocket: WebSocketCounters;
}

/** Counts what happens. */
export class Happenings {
  readonly counts: Record<Happening, number> = {
    registered: 0,
    claimed: 0,
    paired: 0,
    'relay-opened': 0,
    expired: 0,
    happy: 0,
    failed: 0,
    cancelled: 0,
  };

  note(event: ServerEvent): void {
    this.counts[event.kind === 'closed' ? event.outcome : event.kind] += 1;
  }
}

/** Each number by its name, with that of its group before it. */
export function flatStats(stats: ServerStats): Record<string, number> {
  const { drops, relay, live, happened, websocket, ...traffic } = stats;
  const groups = Object.entries({ drops, relay, live, happened, websocket });
  const named = groups.flatMap(([group, values]) =>
    Object.entries(values).map(([name, value]): [string, number] => [`${group}.${name}`, value]),
  );
  return { ...traffic, ...Object.fromEntries(named) };
}
