import { addresses } from './lab-topology.ts';
import type { NatRecipe } from './nat-recipes.ts';

/** The proxy of `proxyOnly`, which is to run on the public host. */
export const PROXY = { host: addresses.p, port: 3128 } as const;

/** UDP gets nowhere, but for DNS; TCP does. */
const udpBlocked: NatRecipe = {
  name: 'UDP blocked',
  ruleset: () => guarded('accept', ['iifname "lan" meta l4proto udp udp dport != 53 drop']),
};

/** Nothing but the web. */
const webOnly: NatRecipe = {
  name: 'web only',
  ruleset: () =>
    guarded('drop', [
      'ct state established,related accept',
      'iifname "lan" tcp dport { 80, 443 } accept',
      'iifname "lan" udp dport 53 accept',
    ]),
};

/** Nothing but one proxy; not even names are resolved. */
const proxyOnly: NatRecipe = {
  name: 'a proxy only',
  ruleset: () =>
    guarded('drop', [
      'ct state established,related accept',
      'udp dport 53 reject',
      `iifname "lan" ip daddr ${PROXY.host} tcp dport ${PROXY.port} accept`,
    ]),
};

export const firewalls = { udpBlocked, webOnly, proxyOnly } as const;

/** A home router with a filter for what goes through it. */
function guarded(policy: 'accept' | 'drop', rules: readonly string[]): string {
  return `
table ip guard {
 chain input {
  type filter hook input priority 0; policy accept;
  iifname "wan" ct state new drop
 }
 chain through {
  type filter hook forward priority 0; policy ${policy};
  ${rules.join('\n  ')}
 }
}
table ip nat {
 chain post {
  type nat hook postrouting priority srcnat; policy accept;
  oifname "wan" masquerade
 }
}
`;
}
