import type { Path } from '../../protocol/candidate.ts';
import { formatEndpoint, isStream } from '../../protocol/wire/endpoint.ts';
import type { PathEvent, PathKind, PathVia } from '../api/events.ts';
import type { Endpoints } from './endpoints.ts';

export function pathKind(path: Path): PathKind {
  return path.kind === 'relay' ? 'relay' : 'direct';
}

/** What a path is to a person or a script. */
export function pathEvent(path: Path, endpoints: Endpoints): PathEvent {
  return {
    event: 'path',
    kind: pathKind(path),
    via: pathVia(path),
    local: formatEndpoint(endpoints.localFor(path.remote)),
    remote: formatEndpoint(path.remote),
    rttMs: Math.round(path.rttMs * 1000) / 1000,
  };
}

function pathVia({ kind, remote }: Path): PathVia {
  if (kind === 'relay') return isStream(remote) ? 'relay-tcp' : 'relay-udp';
  return isStream(remote) ? 'tcp' : kind;
}
