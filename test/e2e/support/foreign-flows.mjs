// Makes new UDP flows all the time, as the other machines of a network do: node foreign-flows.mjs
// ADDRESS PER_SECOND. Says {flows} over Node's IPC after each round, {flows, stopped} when told to end.
import { createSocket } from 'node:dgram';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';

const [address, perSecond] = process.argv.slice(2);
const ROUND_MS = 10;
const FIRST_PORT = 1024;

let stopped = false;
process.on('message', () => {
  stopped = true;
});

const startedAt = performance.now();
let flows = 0;
while (!stopped) {
  const due = Math.floor(((performance.now() - startedAt) / 1000) * Number(perSecond));
  const opened = [];
  for (; flows < due; flows += 1) opened.push(make(flows));
  await Promise.all(opened);
  process.send({ flows });
  await setTimeout(ROUND_MS);
}
process.send({ flows, stopped }, () => process.disconnect());

/** One datagram from a new socket, and to a port of its own: no two flows are ever the same. */
function make(number) {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.send('flow', FIRST_PORT + (number % (65_536 - FIRST_PORT)), address, () => {
      socket.close(resolve);
    });
  });
}
