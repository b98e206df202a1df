import type { Lab } from './lab.ts';
import type { HostName } from './lab-topology.ts';

/** What a host has sent to endpoints that it has never heard from. Bytes are those of UDP payloads. */
export interface Unanswered {
  readonly endpoints: number;
  readonly packets: number;
  readonly bytes: number;
  readonly largest: number;
}

/** Watches all IPv4 UDP of a host of a lab, in its kernel: nothing is missed, and nothing slowed down. */
export class Capture {
  readonly #lab: Lab;
  readonly #host: HostName;

  private constructor(lab: Lab, host: HostName) {
    this.#lab = lab;
    this.#host = host;
  }

  /** Begins anew. Not for routers: it takes the place of all other rules of the host. */
  static async start(lab: Lab, host: HostName): Promise<Capture> {
    await lab.exec(host, 'nft', ['-f', '-'], RULESET);
    return new Capture(lab, host);
  }

  async unanswered(): Promise<Unanswered> {
    const heard = new Set((await this.#elements('heard')).map(({ key }) => key.join(' ')));
    const silent = (await this.#elements('sent')).filter(({ key: [address, port] }) => {
      return !heard.has(`${address} ${port}`);
    });
    const payloads = silent.map(({ key, packets }) => ({
      packets,
      length: Number(key[2]) - UDP_HEADER_BYTES,
    }));
    return {
      endpoints: new Set(silent.map(({ key: [address, port] }) => `${address} ${port}`)).size,
      packets: payloads.reduce((sum, { packets }) => sum + packets, 0),
      bytes: payloads.reduce((sum, { packets, length }) => sum + packets * length, 0),
      largest: Math.max(0, ...payloads.map(({ length }) => length)),
    };
  }

  async #elements(set: 'sent' | 'heard'): Promise<{ key: (string | number)[]; packets: number }[]> {
    const listed = await this.#lab.exec(this.#host, 'nft', ['-j', 'list', 'set', 'ip', TABLE, set]);
    const { nftables } = JSON.parse(listed) as { nftables: { set?: { elem?: Element[] } }[] };
    const elements = nftables.find((entry) => entry.set !== undefined)?.set?.elem ?? [];
    return elements.map(({ elem }) => ({
      key: elem.val.concat,
      packets: elem.counter.packets,
    }));
  }
}

interface Element {
  readonly elem: {
    readonly val: { readonly concat: (string | number)[] };
    readonly counter: { readonly packets: number };
  };
}

const UDP_HEADER_BYTES = 8;
const TABLE = 'capture';
// Room for more than the ports of one address, several lengths each.
const RULESET = `
flush ruleset
table ip ${TABLE} {
 set sent {
  typeof ip daddr . udp dport . udp length
  flags dynamic
  size 262144
 }
 set heard {
  typeof ip saddr . udp sport
  flags dynamic
  size 262144
 }
 chain outgoing {
  type filter hook output priority 0; policy accept;
  meta l4proto udp update @sent { ip daddr . udp dport . udp length counter }
 }
 chain incoming {
  type filter hook input priority 0; policy accept;
  meta l4proto udp update @heard { ip saddr . udp sport counter }
 }
}
`;
