import type { CommonOptions, RoutePolicy } from './options.ts';
import type { StoredOptions } from './ticket.ts';

/** How a transfer is gone about, as a ticket keeps it. */
export function storedWays(options: CommonOptions): StoredOptions {
  const { servers = [], lan = true, udp = true, portMapping = true, route = 'any' } = options;
  const { limit } = options;
  return { servers, lan, udp, portMapping, route, ...(limit !== undefined && { limit }) };
}

/** What `storedWays` kept; what is not of its form is as if it had not been said. */
export function waysOf({
  servers,
  lan,
  udp,
  portMapping,
  route,
  limit,
}: StoredOptions): CommonOptions {
  const policy = ROUTES.find((known) => known === route);
  return {
    ...(Array.isArray(servers) && { servers: servers.map(String) }),
    ...(typeof lan === 'boolean' && { lan }),
    ...(typeof udp === 'boolean' && { udp }),
    ...(typeof portMapping === 'boolean' && { portMapping }),
    ...(policy && { route: policy }),
    ...(typeof limit === 'number' && limit > 0 && { limit }),
  };
}

const ROUTES: readonly RoutePolicy[] = ['any', 'direct', 'relay'];
