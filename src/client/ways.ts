import {
  CONGESTION_NAMES,
  type CommonOptions,
  type RoutePolicy,
  type SendOptions,
} from './api/options.ts';
import type { StoredOptions } from './tickets/ticket.ts';

/** How a transfer is gone about, as a ticket keeps it. */
export function storedWays(options: Ways): StoredOptions {
  const { servers = [], lan = true, udp = true, portMapping = true, route = 'any' } = options;
  const { limit, congestion, skipChanged, compress = true } = options;
  return {
    ...{ servers, lan, udp, portMapping, route },
    ...(limit !== undefined && { limit }),
    ...(congestion && { congestion }),
    ...(skipChanged && { skipChanged }),
    ...(!compress && { compress }),
  };
}

/** What `storedWays` kept; what is not of its form is as if it had not been said. */
export function waysOf(stored: StoredOptions): Ways {
  const { servers, lan, udp, portMapping, route, limit, congestion: named } = stored;
  const { skipChanged, compress } = stored;
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
    ...(compress === false && { compress }),
  };
}

const ROUTES: readonly RoutePolicy[] = ['any', 'direct', 'relay'];

/** How the rate is found, and what is done with files, is the sender's alone. */
type Ways = CommonOptions & Pick<SendOptions, 'congestion' | 'skipChanged' | 'compress'>;
