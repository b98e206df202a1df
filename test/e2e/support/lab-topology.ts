/**
 * The laboratory's internet. Every line is a subnet; `core` is the internet itself, and routers are
 * routed, not bridged, so that time-to-live counts:
 *
 *     a, a2 - ra - core - rb - b, b2        s, p on core
 *     c1 - h1 - cgn - core
 *     c2 - h2 - cgn
 *
 * `s` has two addresses, as a server that wants to tell mappings apart needs; `p` is a public host;
 * `cgn` is the NAT of a carrier, with the routers of two homes behind it.
 */
export type HostName = 'core' | 's' | 'p' | RouterName | ClientName;
export type RouterName = 'ra' | 'rb' | 'cgn' | 'h1' | 'h2';
export type ClientName = 'a' | 'a2' | 'b' | 'b2' | 'c1' | 'c2';

export const addresses = {
  s: ['203.0.113.1', '203.0.113.2'],
  p: '203.0.113.66',
  a: '10.0.1.2',
  a2: '10.0.1.3',
  b: '10.0.2.2',
  b2: '10.0.2.3',
  c1: '10.0.3.2',
  c2: '10.0.4.2',
} as const;

export interface Site {
  /** The router's addresses on its uplink; the first is its own, the others are a pool. */
  readonly wan: readonly [string, ...string[]];
  readonly wanPrefix: number;
  /** The next router towards the internet. */
  readonly gateway: string;
  /** The first three bytes of its network, a /24 in which the router is 1 and clients follow from 2. */
  readonly lan: string;
  readonly clients: readonly (ClientName | RouterName)[];
  /** A /25 of the internet that leads here, for clients that no NAT is to hide. */
  readonly open?: { readonly gateway: string; readonly clients: readonly string[] };
}

export const sites: Readonly<Record<RouterName, Site>> = {
  ra: {
    wan: ['198.51.100.10', '198.51.100.11', '198.51.100.12', '198.51.100.13'],
    wanPrefix: 25,
    gateway: '198.51.100.1',
    lan: '10.0.1',
    clients: ['a', 'a2'],
    open: { gateway: '198.51.100.129', clients: ['198.51.100.130', '198.51.100.131'] },
  },
  rb: {
    wan: ['192.0.2.10', '192.0.2.11', '192.0.2.12', '192.0.2.13'],
    wanPrefix: 25,
    gateway: '192.0.2.1',
    lan: '10.0.2',
    clients: ['b', 'b2'],
    open: { gateway: '192.0.2.129', clients: ['192.0.2.130', '192.0.2.131'] },
  },
  cgn: {
    wan: ['203.0.113.138', '203.0.113.139', '203.0.113.140', '203.0.113.141'],
    wanPrefix: 26,
    gateway: '203.0.113.129',
    lan: '100.64.0',
    clients: ['h1', 'h2'],
  },
  h1: {
    wan: ['100.64.0.2'],
    wanPrefix: 24,
    gateway: '100.64.0.1',
    lan: '10.0.3',
    clients: ['c1'],
  },
  h2: {
    wan: ['100.64.0.3'],
    wanPrefix: 24,
    gateway: '100.64.0.1',
    lan: '10.0.4',
    clients: ['c2'],
  },
};

const routers = Object.keys(sites) as RouterName[];

export const hosts: readonly HostName[] = [
  ...(['core', 's', 'p'] as const),
  ...routers.flatMap((router) => [router, ...sites[router].clients]),
].filter((name, i, all) => all.indexOf(name) === i);

/** Both ends of a veth pair, and where they are. */
type End = readonly [host: HostName, device: string];

/** Who has an uplink calls it `wan` if it is a router, `eth0` otherwise. */
export const links: readonly (readonly [End, End])[] = [
  ...(['s', 'p', 'ra', 'rb', 'cgn'] as const).map((host) => link('core', host)),
  ...routers.flatMap((router) => sites[router].clients.map((client) => link(router, client))),
];

/** What each namespace is told once its links are up, in the words of `ip -batch`. */
export function setup(host: HostName): readonly string[] {
  if (host === 'core' || host === 's' || host === 'p') return INTERNET[host];
  return isRouter(host) ? routing(sites[host]) : atHome(host);
}

/** Puts a client into the private network of its router. */
export function atHome(client: ClientName): readonly string[] {
  const { lan, clients } = siteOf(client);
  return located(`${lan}.${clients.indexOf(client) + 2}/24`, `${lan}.1`);
}

/** Gives a client an address of the internet; its router then has nothing to do but to forward. */
export function inTheOpen(client: ClientName): readonly string[] {
  return located(`${openAddress(client)}/25`, `${siteOf(client).open?.gateway}`);
}

export function openAddress(client: ClientName): string {
  const { open, clients } = siteOf(client);
  const address = open?.clients[clients.indexOf(client)];
  if (address === undefined) throw new Error(`no address of the internet leads to ${client}`);
  return address;
}

export function isRouter(host: HostName): host is RouterName {
  return host in sites;
}

/** Set in every namespace that forwards. */
export const forwardingSysctls = [
  'net.ipv4.ip_forward=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
  // Else what the bridge passes goes through the NAT rules, and hairpinning fails silently.
  'net.bridge.bridge-nf-call-iptables=0',
  'net.bridge.bridge-nf-call-ip6tables=0',
] as const;
export const forwarders: readonly HostName[] = ['core', ...routers];

const INTERNET = {
  core: [
    'addr add 203.0.113.62/26 dev to-s',
    'addr add 203.0.113.65/26 dev to-p',
    'addr add 203.0.113.129/26 dev to-cgn',
    'addr add 198.51.100.1/25 dev to-ra',
    'route add 198.51.100.128/25 via 198.51.100.10',
    'addr add 192.0.2.1/25 dev to-rb',
    'route add 192.0.2.128/25 via 192.0.2.10',
    // Private addresses end here: otherwise they would be reached across the internet.
    'route add blackhole 10.0.0.0/8',
    'route add blackhole 100.64.0.0/10',
  ],
  s: [
    'addr add 203.0.113.1/26 dev eth0',
    'addr add 203.0.113.2/26 dev eth0',
    'route add default via 203.0.113.62',
  ],
  p: ['addr add 203.0.113.66/26 dev eth0', 'route add default via 203.0.113.65'],
} as const;

function link(router: HostName, client: HostName): readonly [End, End] {
  return [
    [router, `to-${client}`],
    [client, isRouter(client) ? 'wan' : 'eth0'],
  ];
}

function routing({ wan, wanPrefix, gateway, lan, open, clients }: Site): readonly string[] {
  return [
    ...wan.map((address) => `addr add ${address}/${wanPrefix} dev wan`),
    `route add default via ${gateway}`,
    'link add lan type bridge',
    ...clients.map((client) => `link set to-${client} master lan`),
    `addr add ${lan}.1/24 dev lan`,
    ...(open === undefined ? [] : [`addr add ${open.gateway}/25 dev lan`]),
    'link set lan up',
  ];
}

function located(cidr: string, gateway: string): readonly string[] {
  return [
    // Not the link-local address of IPv6, which would not come back.
    'addr flush dev eth0 scope global',
    `addr add ${cidr} dev eth0`,
    `route replace default via ${gateway}`,
  ];
}

function siteOf(client: ClientName): Site {
  const site = Object.values(sites).find(({ clients }) => clients.includes(client));
  if (site === undefined) throw new Error(`unreachable: nobody routes for ${client}`);
  return site;
}
