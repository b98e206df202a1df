/** Where a server sees a socket that has the port `local`. */
export interface Place {
  readonly local: number;
  readonly address: string;
  readonly port: number;
}

/** What `nat-probe.mjs` prints. */
export type ProbeReport = {
  /** Where a TCP connection to any port, and to 443, is seen; `null` if it does not get there. */
  readonly tcp: { readonly anyPort: Place | null; readonly webPort: Place | null };
} & (
  | { readonly udp: false }
  | {
      readonly udp: true;
      /** One socket, seen at (address 1, port 1), (1, 2), (2, 1), (2, 2). */
      readonly mapped: readonly Place[];
      /** New sockets, one after the other, seen at (1, 1). */
      readonly sockets: readonly Place[];
      readonly filtering: Dependence;
      readonly hairpin: boolean;
    }
);

/** What a mapping or filter distinguishes about the remote side (RFC 4787 §4.1, §5). */
export type Dependence = 'endpoint' | 'address' | 'port';

/** How a NAT treats UDP, as far as a probe can tell. */
export interface NatBehaviour {
  /** 'endpoint': one mapping for all destinations; 'address', 'port': others for other ones. */
  readonly mapping: Dependence;
  /** What strangers must know to get in: the endpoint only; or be at a known address, or port. */
  readonly filtering: Dependence;
  /** How public ports are chosen: a number says within how many of them. */
  readonly ports: 'preserved' | 'sequential' | 'random' | 512 | 2048;
  readonly hairpin: boolean;
  /** The public addresses that were seen. */
  readonly addresses: readonly string[];
}

/** `undefined` where no UDP gets through. */
export function behaviourOf(report: ProbeReport): NatBehaviour | undefined {
  if (!report.udp) return undefined;
  const { mapped, sockets, filtering, hairpin } = report;
  const places = [...mapped, ...sockets];
  return {
    mapping: mappingOf(mapped),
    filtering,
    ports: portsOf(mappingOf(mapped) === 'port' ? places : sockets),
    hairpin,
    addresses: [...new Set(places.map(({ address }) => address))].sort(),
  };
}

/** By all four: ports by chance out of few are the same for two destinations now and then. */
function mappingOf([first, second, third, fourth]: readonly Place[]): Dependence {
  if (!isSame(first, second) || !isSame(third, fourth)) return 'port';
  return isSame(first, third) ? 'endpoint' : 'address';
}

/** Of places that have each got a port of their own, in this order. */
function portsOf(places: readonly Place[]): NatBehaviour['ports'] {
  if (places.every(({ local, port }) => local === port)) return 'preserved';
  const ports = places.map(({ port }) => port);
  if (ports.every((port, i) => i === 0 || port === (ports[i - 1] ?? 0) + 1)) return 'sequential';
  const span = Math.max(...ports) - Math.min(...ports) + 1;
  // Ten ports by chance out of 2048 lie within 512 once in 30,000 runs, out of all hardly ever.
  return ([512, 2048] as const).find((size) => span <= size) ?? 'random';
}

function isSame(one: Place | undefined, other: Place | undefined): boolean {
  return one?.address === other?.address && one?.port === other?.port;
}
