// Two hosts in namespaces: datagrams of 1,500 bytes at most, on a cable, through a NAT, and as plain
// network cards do it, which cut and join in software.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tool } from '../contestants.mjs';
import { Namespaces, skipped } from '../namespaces.mjs';
import { transfer } from '../transfer.mjs';
import { warmMemory } from '../workshop.mjs';

export const title = 'Two hosts, packets of 1,500 bytes';

const TCP = join(import.meta.dirname, '..', 'peers', 'tcp.mjs');

export async function run({ workshop, rounds, bytes, say }) {
  const namespaces = new Namespaces(workshop);
  const lines = {
    'loopback, 1,500 bytes': loopback(namespaces),
    'two hosts': cable(namespaces, 'c'),
    'two hosts and a NAT': nat(namespaces),
    'plain network cards': plainCards(namespaces),
  };
  const source = await workshop.file(bytes);
  const tables = {};
  const rates = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, places] of Object.entries(lines)) {
      for (const [who, run] of Object.entries({ p2pshare, 'TCP + AES-256-GCM in Node': tcp })) {
        const out = workshop.path('target.bin');
        const warm = () => warmMemory(workshop.folder, bytes);
        const ms = await run(workshop, { source, out, places, warm });
        await workshop.endPrograms();
        await rm(out);
        rates[name] ??= {};
        rates[name][who] ??= [];
        rates[name][who].push((bytes * 8) / ms / 1e6);
        say(`${name} ${round + 1}/${rounds} ${who} ${(ms / 1000).toFixed(2)} s`);
      }
    }
  }
  for (const [name, all] of Object.entries(rates)) {
    tables[name] = Object.entries(all).map(([who, values]) => ({
      name: who,
      unit: 'Gbit/s',
      values,
    }));
  }
  return tables;
}

async function p2pshare(workshop, { source, out, places, warm }) {
  const start = (...program) => workshop.start(...program);
  return (await transfer(start, { source, out, places, beforeReceiver: warm })).ms;
}

/** The receiver is where the NAT lets connections in. */
async function tcp(workshop, { source, out, places, warm }) {
  await warm();
  const { address } = places;
  const receiver = workshop.start([TCP, 'receive', out, address], places.receiver);
  const { port } = await receiver.line((line) => line.port !== undefined);
  const sender = workshop.start([TCP, 'send', String(port), source, address], places.sender);
  const { ms } = await receiver.line((line) => line.ms !== undefined);
  await Promise.all([sender.success(), receiver.success()]);
  return ms;
}

function loopback(namespaces) {
  const namespace = namespaces.add('l');
  namespaces.run(namespace, 'ip', 'link', 'set', 'lo', 'mtu', '1500');
  const host = { namespace };
  return { server: host, sender: host, receiver: host, address: '127.0.0.1' };
}

/** `a` sends to `b`, which also runs the server. */
function cable(namespaces, prefix) {
  const [a, b] = [namespaces.add(`${prefix}a`), namespaces.add(`${prefix}b`)];
  namespaces.link(
    { namespace: a, device: 'eth0', address: '198.51.100.1/24' },
    { namespace: b, device: 'eth0', address: '198.51.100.2/24' },
  );
  return hosts(a, b);
}

function hosts(a, b) {
  const receiver = { namespace: b };
  return { server: receiver, sender: { namespace: a }, receiver, address: '198.51.100.2' };
}

function nat(namespaces) {
  if (tool('nft') === undefined) throw skipped('nft is not installed');
  const [a, router, b] = ['na', 'nr', 'nb'].map((name) => namespaces.add(name));
  namespaces.link(
    { namespace: a, device: 'eth0', address: '10.66.1.2/24' },
    { namespace: router, device: 'home', address: '10.66.1.1/24' },
  );
  namespaces.link(
    { namespace: router, device: 'wan', address: '198.51.100.1/24' },
    { namespace: b, device: 'eth0', address: '198.51.100.2/24' },
  );
  namespaces.run(a, 'ip', 'route', 'add', 'default', 'via', '10.66.1.1');
  namespaces.run(router, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  const rules =
    'add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; ' +
    'add rule ip nat post oifname "wan" masquerade';
  namespaces.run(router, 'nft', rules);
  return hosts(a, b);
}

/** What sends cuts batches into packets itself, and what receives joins them again (NAPI GRO). */
function plainCards(namespaces) {
  if (tool('ethtool') === undefined) throw skipped('ethtool is not installed');
  const places = cable(namespaces, 'p');
  for (const { namespace } of [places.sender, places.receiver]) {
    const set = (...flags) => namespaces.run(namespace, 'ethtool', '-K', 'eth0', ...flags);
    set('tx-udp-segmentation', 'off', 'tso', 'off');
    set('gro', 'on');
  }
  return places;
}
