import type { Lab } from './lab.ts';

/** Counts what arrives on `s` to be relayed, and can make the relay a slow one. */
export class RelayMeter {
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** Begins to count from zero. With a limit, records above it are dropped, as a full line does. */
  async reset(limitKBps?: number): Promise<void> {
    const slow = `limit rate over ${limitKBps} kbytes/second burst ${BURST_KB} kbytes drop`;
    const limit = limitKBps === undefined ? '' : `${RECORDS} ${slow}\n  ${SEGMENTS} ${slow}`;
    const ruleset = `
flush ruleset
table ip relay {
 counter carried {
 }
 chain incoming {
  type filter hook input priority 0; policy accept;
  ${limit}
  ${SESSION} counter name carried
 }
}
`;
    await this.#lab.exec('s', 'nft', ['-f', '-'], ruleset);
  }

  /** Bytes of records and of what is said about them; checks of the relayed path are not counted. */
  async bytes(): Promise<number> {
    const listed = await this.#lab.exec('s', 'nft', ['-j', 'list', 'counters']);
    const { nftables } = JSON.parse(listed) as { nftables: { counter?: { bytes: number } }[] };
    return nftables.find(({ counter }) => counter !== undefined)?.counter?.bytes ?? 0;
  }
}

// The type byte of a packet is its ninth: docs/protocol-transport.md, "Packets".
const RECORDS = 'meta l4proto udp @th,128,8 { 0x40, 0x44 }';
const SESSION = 'meta l4proto udp @th,128,8 { 0x40, 0x41, 0x44 }';
/** Nobody sees what is inside; but what is asked of the server fits a small segment. */
const SEGMENTS = 'meta l4proto tcp meta length > 1000';
/** More than a session has under way before it has found its direct path. */
const BURST_KB = 512;
