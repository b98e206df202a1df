import {
  answersOnly,
  closedInput,
  forwarding,
  hashedPort,
  inTurn,
  masquerade,
  PORT_MAP_MEMORY,
  type PortMap,
  portMap,
  symmetricForTcp,
  translating,
} from './nat-rulesets.ts';

/** What a recipe needs to know of the router that it is for. */
export interface RouterAddresses {
  readonly wan: string;
  /** More public addresses; some routers have none. */
  readonly pool: readonly string[];
  /** Its first client. */
  readonly client: string;
  readonly idleSeconds: number;
}

/** How a router behaves towards UDP, in the terms of RFC 4787, written for nftables. */
export interface NatRecipe {
  readonly name: string;
  ruleset(router: RouterAddresses): string;
  /** Whether the clients have addresses of the internet. */
  readonly open?: boolean;
  /** What it remembers besides the kernel's own table of connections. */
  readonly memory?: readonly string[];
  /** How long a mapping lives without traffic, where that is not the kernel's default. */
  readonly idleSeconds?: number;
}

const ADDRESS_AND_PORT = ['ip saddr', 'udp sport', 'ip daddr', 'udp dport'] as const;

/** Every behaviour of the laboratory. TCP is masqueraded like at home, or symmetric where UDP is. */
export const nat = {
  /** A public network: nothing is done. */
  none: { name: 'none', ruleset: () => '', open: true },
  /** No NAT, but a stateful firewall: what most IPv6 networks are. */
  firewall: { name: 'firewall', ruleset: () => forwarding(answersOnly), open: true },
  /** Endpoint-independent mapping and filtering. */
  fullCone: cone('full cone', { filter: 'none' }),
  /** The same, for clients of one network among each other, too. */
  fullConeHairpin: cone('full cone with hairpin', { filter: 'none', hairpin: true }),
  fullConeRandomPort: cone('full cone of random ports', {
    filter: 'none',
    port: hashedPort('ip saddr', 'udp sport'),
  }),
  /** One public address for one client, as clouds give their machines. */
  oneToOne: { name: 'one to one', ruleset: oneToOne },
  addressRestricted: cone('address-restricted', { filter: 'address' }),
  /** A home router; stock Linux. */
  portRestricted: home('port-restricted', () => masquerade()),
  portRestrictedHairpin: cone('port-restricted with hairpin', { filter: 'port', hairpin: true }),
  /** Endpoint-independent mapping, but not to the port that the client has. */
  randomPort: home('port-restricted of random ports', ({ wan }) =>
    translating(`${wan} : ${hashedPort('ip saddr', 'udp sport')}`),
  ),
  /** A home router that lets itself be talked to: Docker, libvirt, a plain Linux machine. */
  openRouter: { name: 'open router', ruleset: () => masquerade() },
  /** Another port for each destination, and yet anybody may use it. */
  symmetricUnfiltered: symmetric(
    cone('symmetric, unfiltered', {
      filter: 'none',
      port: hashedPort(...ADDRESS_AND_PORT),
    }),
  ),
  symmetricAddressRestricted: symmetric(
    cone('symmetric, address-restricted', {
      filter: 'address',
      port: hashedPort(...ADDRESS_AND_PORT),
    }),
  ),
  symmetricSequential: symmetric(
    home('symmetric, ports in sequence', ({ wan }) => translating(`${wan} : ${inTurn(SEQUENCE)}`)),
  ),
  symmetricBlock512: symmetric(
    home('symmetric, 512 ports', ({ wan }) => translating(`${wan}:20000-20511 fully-random`)),
  ),
  symmetricBlock2048: symmetric(
    home('symmetric, 2048 ports', ({ wan }) => translating(`${wan}:20000-22047 fully-random`)),
  ),
  /** Another random port for each destination. */
  symmetric: symmetric(
    home('symmetric', () => masquerade('oifname "wan" meta l4proto udp masquerade fully-random')),
  ),
  /** Another random port for each destination address. */
  addressDependent: symmetric(
    home('address-dependent', ({ wan }) =>
      translating(`${wan} : ${hashedPort('ip saddr', 'udp sport', 'ip daddr')}`),
    ),
  ),
  /** Another random port of another public address for each destination. */
  symmetricPool: symmetric(
    home('symmetric, pool of addresses', ({ wan, pool }) =>
      translating(`${inTurn([wan, ...pool])} fully-random`),
    ),
  ),
  udpBlocked: home(
    'UDP blocked',
    () => masquerade() + forwarding('meta l4proto udp udp dport != 53 drop'),
  ),
  webOnly: home('web only', () => masquerade() + forwarding(WEB, 'drop')),
} as const satisfies Readonly<Record<string, NatRecipe>>;

/** The same NAT, which forgets mappings that have not been used for so long. */
export function forgetful(recipe: NatRecipe, idleSeconds: number): NatRecipe {
  return { ...recipe, name: `${recipe.name}, forgetful`, idleSeconds };
}

// Many: a mapping whose turn it is while its port is taken loses its packets.
const SEQUENCE = Array.from({ length: 8192 }, (_, i) => 30_000 + i);

const WEB = `
  ct state established,related accept
  iifname "lan" tcp dport { 80, 443 } accept
  iifname "lan" udp dport 53 accept
`;

/** Where UDP gets another port for each destination, so does TCP. */
function symmetric(recipe: NatRecipe): NatRecipe {
  return { ...recipe, ruleset: (router) => symmetricForTcp + recipe.ruleset(router) };
}

/** A router that nobody outside may talk to. */
function home(name: string, rules: (router: RouterAddresses) => string): NatRecipe {
  return { name, ruleset: (router) => closedInput + rules(router) };
}

function cone(name: string, options: Omit<PortMap, 'wan' | 'idleSeconds'>): NatRecipe {
  const ruleset = ({ wan, idleSeconds }: RouterAddresses) =>
    closedInput + portMap({ ...options, wan, idleSeconds });
  return { name, ruleset, memory: PORT_MAP_MEMORY };
}

function oneToOne({ pool: [address], client }: RouterAddresses): string {
  return `
table ip nat {
 chain pre {
  type nat hook prerouting priority dstnat; policy accept;
  ip daddr ${address} dnat to ${client}
 }
 chain post {
  type nat hook postrouting priority srcnat; policy accept;
  ip saddr ${client} oifname "wan" snat to ${address}
  oifname "wan" masquerade
 }
}
`;
}
