/**
 * The laboratory's internet. Every line is a subnet; `core` is the internet itself, and routers are
 * routed, not bridged, so that time-to-live counts:
 *
 *     a, a2 - ra - core - rb - b
 *              s, p on core
 *
 * `s` has two addresses, as a server that wants to tell mappings apart needs; `p` is a public host.
 */
export const hosts = ['core', 's', 'p', 'ra', 'rb', 'a', 'a2', 'b'] as const;
export type HostName = (typeof hosts)[number];
export type RouterName = 'ra' | 'rb';

export const addresses = {
  s: ['203.0.113.1', '203.0.113.2'],
  p: '198.18.5.2',
  a: '10.0.1.2',
  a2: '10.0.1.3',
  b: '10.0.2.2',
} as const;

export const routers = {
  ra: { wan: '198.51.100.10', lan: '10.0.1.0/24' },
  rb: { wan: '192.0.2.10', lan: '10.0.2.0/24' },
} as const;

/** Both ends of a veth pair: namespace, interface, and its address, if it is not on a bridge. */
type End = readonly [host: HostName, device: string, cidr?: string];

export const links: readonly (readonly [End, End])[] = [
  [
    ['core', 's0', '203.0.113.254/24'],
    ['s', 'eth0', '203.0.113.1/24'],
  ],
  [
    ['core', 'p0', '198.18.5.1/24'],
    ['p', 'eth0', '198.18.5.2/24'],
  ],
  [
    ['core', 'wa', '198.51.100.1/24'],
    ['ra', 'wan', '198.51.100.10/24'],
  ],
  [
    ['core', 'wb', '192.0.2.1/24'],
    ['rb', 'wan', '192.0.2.10/24'],
  ],
  [
    ['ra', 'l0'],
    ['a', 'eth0', '10.0.1.2/24'],
  ],
  [
    ['ra', 'l1'],
    ['a2', 'eth0', '10.0.1.3/24'],
  ],
  [
    ['rb', 'lan', '10.0.2.1/24'],
    ['b', 'eth0', '10.0.2.2/24'],
  ],
];

/** What else each namespace is told, in the words of `ip -batch`, once the links are there. */
export const setup: Readonly<Record<HostName, readonly string[]>> = {
  // Private addresses end here: otherwise they would be reached across the internet.
  core: ['route add blackhole 10.0.0.0/8'],
  s: ['addr add 203.0.113.2/24 dev eth0', 'route add default via 203.0.113.254'],
  p: ['route add default via 198.18.5.1'],
  ra: [
    'link add lan type bridge',
    'link set l0 master lan',
    'link set l1 master lan',
    'addr add 10.0.1.1/24 dev lan',
    'link set lan up',
    'route add default via 198.51.100.1',
  ],
  rb: ['route add default via 192.0.2.1'],
  a: ['route add default via 10.0.1.1'],
  a2: ['route add default via 10.0.1.1'],
  b: ['route add default via 10.0.2.1'],
};

/** Set in every namespace that forwards. */
export const forwardingSysctls = [
  'net.ipv4.ip_forward=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
  // Else what the bridge passes goes through the NAT rules, and hairpinning fails silently.
  'net.bridge.bridge-nf-call-iptables=0',
  'net.bridge.bridge-nf-call-ip6tables=0',
] as const;
export const forwarders: readonly HostName[] = ['core', 'ra', 'rb'];
