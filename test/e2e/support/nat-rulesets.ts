/**
 * The parts that NAT recipes are made of, for nftables. Routers call their interfaces `wan` and `lan`.
 *
 * nft 1.0.6 ends a rule at the line's end only: `; }` on one line is a syntax error.
 */

/**
 * What makes a router a home router: nobody outside may talk to it. Without this, a probe that
 * comes too early leaves a conntrack entry on the router, and the real mapping then has to take
 * another port. Leave it out on purpose for routers that are open.
 */
export const closedInput = `
table ip firewall {
 chain input {
  type filter hook input priority 0; policy accept;
  iifname "wan" ct state new drop
 }
}
`;

/** What may pass between inside and outside, both ways. */
export function forwarding(rules: string, policy: 'accept' | 'drop' = 'accept'): string {
  return `
table ip gate {
 chain passing {
  type filter hook forward priority 0; policy ${policy};
  ${rules}
 }
}
`;
}

/** Inside from outside comes only what answers something. */
export const answersOnly = `
  iifname "wan" ct state established,related accept
  iifname "wan" drop
`;

/** Source NAT by `rule` for what it matches (UDP), by plain masquerade for everything else. */
export function masquerade(rule = ''): string {
  return `
table ip nat {
 chain post {
  type nat hook postrouting priority srcnat; policy accept;
  ${rule}
  oifname "wan" masquerade
 }
}
`;
}

/** Source NAT of UDP by what stands behind `snat to`. */
export function translating(target: string): string {
  return masquerade(`oifname "wan" meta l4proto udp snat to ${target}`);
}

/**
 * A port made from what is hashed: the same for the same input, otherwise as if by chance. The hash
 * is taken as it lies in memory, so that its lower byte is the port's upper one: 4 is added to that,
 * or some would be below 1024.
 */
export function hashedPort(...of: readonly string[]): string {
  return `jhash ${of.join(' . ')} mod 65536 seed 0x5 | 4`;
}

/** One of these after the other, whoever comes. */
export function inTurn(values: readonly (string | number)[]): string {
  const numbered = values.map((value, i) => `${i} : ${value}`);
  return `numgen inc mod ${values.length} map { ${numbered.join(', ')} }`;
}

/** TCP from another random port for each destination; to be added to what is done with UDP. */
export const symmetricForTcp = `
table ip nattcp {
 chain post {
  type nat hook postrouting priority srcnat - 1; policy accept;
  oifname "wan" meta l4proto tcp masquerade fully-random
 }
}
`;

export interface PortMap {
  readonly wan: string;
  /** The mapped port that belongs to a packet going out; the port it has, if not said. */
  readonly port?: string;
  /** Whether strangers get in who know the port, or only those at an address that was written to. */
  readonly filter: 'none' | 'address' | 'port';
  /** Whether clients reach each other by their public addresses; as RFC 4787 REQ-9 wants it. */
  readonly hairpin?: boolean;
  readonly idleSeconds: number;
}

/** What a port map remembers, for those who want to see it forget. */
export const PORT_MAP_MEMORY = ['map ip nat mapped', 'set ip nat seen'] as const;

/** Source NAT that remembers who has which mapped port, and lets strangers in to it. */
export function portMap({ wan, port, filter, hairpin = false, idleSeconds }: PortMap): string {
  const idle = `timeout ${idleSeconds}s`;
  const owner = (mapped: string) => `update @mapped { ${mapped} ${idle} : ip saddr . udp sport }`;
  const target = port === undefined ? `snat to ${wan}` : `snat to ${wan} : ${port}`;
  return `
table ip nat {
 map mapped {
  type inet_service : ipv4_addr . inet_service
  flags dynamic,timeout
  size 65535
 }
 set seen {
  type ipv4_addr . inet_service . ipv4_addr
  flags dynamic,timeout
  size 65535
 }
 chain pre {
  type nat hook prerouting priority dstnat; policy accept;
  ${hairpin ? `ip daddr ${wan}` : 'iifname "wan"'} meta l4proto udp dnat to udp dport map @mapped
 }
 chain post {
  type nat hook postrouting priority srcnat; policy accept;
  oifname "wan" meta l4proto udp ${owner(port ?? 'udp sport')}
  oifname "wan" meta l4proto udp ${target}
  oifname "wan" masquerade
  ${hairpin ? `iifname "lan" oifname "lan" ct status dnat ${owner('udp sport')} snat to ${wan}` : ''}
 }
}
${FILTERS[filter](idle)}
`;
}

const FILTERS: Readonly<Record<PortMap['filter'], (idle: string) => string>> = {
  none: () => '',
  address: (idle) => `
table ip nat {
 chain passing {
  type filter hook forward priority 0; policy accept;
  oifname "wan" meta l4proto udp update @seen { ip saddr . udp sport . ip daddr ${idle} }
  iifname "wan" ct state established,related accept
  iifname "wan" ip daddr . udp dport . ip saddr @seen accept
  iifname "wan" drop
 }
}
`,
  port: () => forwarding(answersOnly),
};
