import type { Lab } from './lab.ts';
import { type HostName, sites } from './lab-topology.ts';

/** Lets no more than so many Mbit/s out of a device. */
export async function limitRate(
  lab: Lab,
  host: HostName,
  device: string,
  megabits: number,
): Promise<void> {
  const bucket = ['tbf', 'rate', `${megabits}mbit`, 'burst', '128kb', 'latency', '50ms'];
  await lab.exec(host, 'tc', ['qdisc', 'replace', 'dev', device, 'root', ...bucket]);
}

/** Drops what a rule matches in a hook of a host's kernel, until `unblock`. */
export async function block(
  lab: Lab,
  host: HostName,
  hook: 'forward' | 'output',
  match: string,
): Promise<void> {
  await unblock(lab, host);
  const rules = `
table inet fault {
 chain cut {
  type filter hook ${hook} priority 0; policy accept;
  ${match} drop
 }
}
`;
  await lab.exec(host, 'nft', ['-f', '-'], rules);
}

export async function unblock(lab: Lab, host: HostName): Promise<void> {
  // Declared first: deleting what is not there is an error.
  await lab.exec(host, 'nft', ['-f', '-'], 'table inet fault {\n}\ndelete table inet fault\n');
}

/** The internet carries nothing from one home to the other, but to servers what it always did. */
export async function cutDirect(lab: Lab): Promise<void> {
  const homes = `{ ${sites.ra.wan[0]}, ${sites.rb.wan[0]} }`;
  await block(lab, 'core', 'forward', `ip saddr ${homes} ip daddr ${homes} meta l4proto udp`);
}

export async function healDirect(lab: Lab): Promise<void> {
  await unblock(lab, 'core');
}

/** Bytes that have left a host by a device. */
export async function sentBytes(lab: Lab, host: HostName, device = 'eth0'): Promise<number> {
  const file = `/sys/class/net/${device}/statistics/tx_bytes`;
  return Number(await lab.exec(host, 'cat', [file]));
}
