/** The router that a recipe is for: `wan` is its public address. Its interfaces are `wan` and `lan`. */
export interface RouterAddresses {
  readonly wan: string;
}

/** How a router behaves towards UDP, in the terms of RFC 4787, written for nftables. */
export interface NatRecipe {
  readonly name: string;
  ruleset(router: RouterAddresses): string;
  /** Whether the hosts behind it are reached at their own addresses. */
  readonly routed?: boolean;
}

/** A public network: endpoint-independent mapping and filtering, since nothing is done. */
const none: NatRecipe = { name: 'none', ruleset: () => '', routed: true };

/** A home router: endpoint-independent mapping, address and port-dependent filtering. */
const portRestricted: NatRecipe = {
  name: 'port-restricted',
  ruleset: () => closedInput + masquerade(''),
};

/** Another random port for each destination (address and port-dependent mapping and filtering). */
const symmetric: NatRecipe = {
  name: 'symmetric',
  ruleset: () => closedInput + masquerade('oifname "wan" meta l4proto udp masquerade fully-random'),
};

/** Endpoint-independent mapping and filtering. */
const fullCone: NatRecipe = {
  name: 'full cone',
  ruleset: ({ wan }) => closedInput + portMap({ key: 'udp sport', snat: `snat to ${wan}` }),
};

export const nat = { none, portRestricted, symmetric, fullCone } as const;

// nft 1.0.6 ends a rule at the line's end only: `; }` on one line is a syntax error.

/**
 * What makes a router a home router: nobody outside may talk to it. Without this, a probe that
 * comes too early leaves a conntrack entry on the router, and the real mapping then has to take
 * another port. Leave it out on purpose for routers that are open.
 */
const closedInput = `
table ip firewall {
 chain input {
  type filter hook input priority 0; policy accept;
  iifname "wan" ct state new drop
 }
}
`;

/** Source NAT by `rule` for what it matches (UDP), by plain masquerade for everything else. */
function masquerade(rule: string): string {
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

interface PortMap {
  /** The mapped port that belongs to a packet going out. */
  readonly key: string;
  readonly snat: string;
  /** Rules of the forward chain: the filtering. None: whoever knows the mapped port gets in. */
  readonly filter?: string;
}

/** Source NAT that remembers who has which mapped port, and lets strangers in to it. */
function portMap({ key, snat, filter = '' }: PortMap): string {
  return `
table ip nat {
 map mapped {
  type inet_service : ipv4_addr . inet_service
  flags dynamic,timeout
  timeout 300s
  size 65535
 }
 chain pre {
  type nat hook prerouting priority dstnat; policy accept;
  iifname "wan" meta l4proto udp dnat to udp dport map @mapped
 }
 chain post {
  type nat hook postrouting priority srcnat; policy accept;
  oifname "wan" meta l4proto udp update @mapped { ${key} timeout 300s : ip saddr . udp sport }
  oifname "wan" ${snat}
 }
 chain filtering {
  type filter hook forward priority 0; policy accept;
  ${filter}
 }
}
`;
}
