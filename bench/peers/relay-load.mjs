// Keeps a relay busy: each pair has some batches under way at any time, and what is lost is made up
// for after a while.
//   node relay-load.mjs PAIRS SECONDS    prints {"pairs":…}, takes {"endpoint":…}, and at last prints
//                                        {"bytes":[received by each pair]}
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { openUdpSocket } from '../../dist/io/network/udp-socket.js';
import { batchFor, PACKET_BYTES } from './relay-packets.mjs';

const [pairs, seconds] = process.argv.slice(2).map(Number);
/** Of all pairs together: what a socket buffer holds. */
const UNDER_WAY = 48;
const LOST_AFTER_MS = 100;

const open = () => openUdpSocket({ family: 'udp4', address: '127.0.0.1' });
const all = [];
for (let pair = 0; pair < pairs; pair += 1) all.push([await open(), await open()]);
const endpoints = all.map((sockets) => sockets.map(({ address }) => address));
process.stdout.write(`${JSON.stringify({ pairs: endpoints })}\n`);
const [text] = await once(createInterface({ input: process.stdin }), 'line');
const { endpoint: remote } = JSON.parse(text);

const most = Math.max(1, Math.floor(UNDER_WAY / pairs));
const bytes = new Array(pairs).fill(0);
const underWay = new Array(pairs).fill(0);
const refills = all.map(([from, to], pair) => {
  const payload = batchFor(2 * pair + 1);
  const fill = () => {
    for (; underWay[pair] < most * payload.length; underWay[pair] += payload.length) {
      from.send({ remote, payload, segmentSize: PACKET_BYTES });
    }
  };
  to.onBatch((batch) => {
    bytes[pair] += batch.length;
    underWay[pair] -= batch.length;
    fill();
  });
  fill();
  return fill;
});
let before = [...bytes];
const timer = setInterval(() => {
  for (const [pair, fill] of refills.entries()) {
    if (bytes[pair] !== before[pair]) continue;
    underWay[pair] = 0;
    fill();
  }
  before = [...bytes];
}, LOST_AFTER_MS);
setTimeout(() => {
  clearInterval(timer);
  process.stdout.write(`${JSON.stringify({ bytes })}\n`);
  process.exit(0);
}, seconds * 1000);
