import {
  CONGESTION_NAMES,
  type CommonOptions,
  type RoutePolicy,
  type SendOptions,
} from './options.ts';
import type { StoredOptions } from './ticket.ts';

/** How a transfer is gone about, as a ticket keeps it. */
export function storedWays(options: Ways): StoredOptions {
  const { servers = [], lan = true, udp = true, portMapping = true, route = 'any' } = options;
  const { limit, congestion, skipChanged } = options;
  return {
    ...{ servers, lan, udp, portMapping, route },
    ...(limit !== undefined && { limit }),
    ...(congestion && { congestion }),
    ...(skipChanged && { skipChanged }),
  };
}

/** What `storedWays` kept; what is not of its form is as if it had not been said. */
export function waysOf(stored: StoredOptions): Ways {
  const { servers, lan, udp, portMapping, route, limit, congestion: named } = stored;
  const { skipChanged } = stored;
  const policy = ROUTES.find((known) => known === route);
  const congestion = CONGESTION_NAMES.find((known) => known === named);
  return {
    ...(Array.isArray(servers) && { servers: servers.map(String) }),
    ...(typeof lan === 'boolean' && { lan }),
    ...(typeof udp === 'boolean' && { udp }),
    ...(typeof portMapping === 'boolean' && { portMapping }),
    ...(policy && { route: policy }),
    ...(typeof limit === 'number' && limit > 0 && { limit }),
    ...(congestion && { congestion }),
    ...(skipChanged === true && { skipChanged }),
  };
}

const ROUTES: readonly RoutePolicy[] = ['any', 'direct', 'relay'];

/** That of a receiver has neither a congestion controller nor files that change: both are the sender's. */
type Ways = CommonOptions & Pick<SendOptions, 'congestion' | 'skipChanged'>;
