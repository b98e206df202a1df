// Tells how the NAT in front of this host behaves (the tests of RFC 5780, in JSON datagrams).
//
//   node nat-probe.mjs server ADDRESS1 ADDRESS2 PORT1 PORT2    prints `ready`
//   node nat-probe.mjs client ADDRESS1 ADDRESS2 PORT1 PORT2    prints a report and ends
//   node nat-probe.mjs port ADDRESS1 ADDRESS2 PORT1 PORT2      prints where one new socket is seen
//
// Plain JavaScript: it runs in processes of its own, on a Node that cannot strip types.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import process from 'node:process';

const [role, address1, address2, port1, port2] = process.argv.slice(2);
/** The server's four endpoints; the first is the one that filter tests talk to. */
const servers = [
  { address: address1, port: Number(port1) },
  { address: address1, port: Number(port2) },
  { address: address2, port: Number(port1) },
  { address: address2, port: Number(port2) },
];
const WEB_PORT = 443;

// Answers come after what must not be let in, by the same way; this is for their being reordered.
const GRACE_MS = 50;
const REPEAT_MS = 200;
/** Who has had no answer by then is cut off. */
const PATIENCE_MS = 1500;
/** Sockets that show how the NAT chooses ports. */
const SOCKETS = 6;

switch (role) {
  case 'server':
    await serve();
    break;
  case 'client':
    print(await report());
    break;
  case 'port':
    print((await placesOf(1))[0]);
    break;
}

/** Answers where a datagram came from, after doing the same from the other endpoints asked for. */
async function serve() {
  const sockets = await Promise.all(servers.map(({ address, port }) => open(address, port)));
  for (const [i, socket] of sockets.entries()) {
    socket.on('message', (packet, { address, port }) => {
      const { id, alsoFrom } = JSON.parse(packet.toString());
      for (const from of [...alsoFrom, i]) {
        sockets[from].send(JSON.stringify({ id, from, address, port }), port, address);
      }
    });
  }
  for (const port of [servers[0].port, WEB_PORT]) await listen(servers[0].address, port);
  process.stdout.write('ready\n');
}

async function report() {
  const tcp = { anyPort: await greet(servers[0].port), webPort: await greet(WEB_PORT) };
  const mapped = await placesOfOne();
  if (mapped === undefined) return { udp: false, tcp };
  const sockets = await placesOf(SOCKETS);
  const filter = await filtering();
  return { udp: true, tcp, mapped, sockets, filtering: filter, hairpin: await hairpin() };
}

/** Where one socket is seen by all servers; `undefined` if they do not hear of it. */
async function placesOfOne() {
  const socket = await open();
  const places = [];
  for (const i of servers.keys()) {
    const answers = await ask(socket, i);
    if (answers === undefined) break;
    places.push(place(socket, answers.at(-1)));
  }
  socket.close();
  return places.length === servers.length ? places : undefined;
}

/** Where new sockets, opened one after the other, are seen by the first server. */
async function placesOf(count) {
  const places = [];
  for (let i = 0; i < count; i += 1) {
    const socket = await open();
    places.push(place(socket, (await ask(socket, 0)).at(-1)));
    socket.close();
  }
  return places;
}

/** By what the NAT judges strangers: the endpoint that they write to, their address, or their port. */
async function filtering() {
  // The test needs a socket that has spoken to nobody else.
  const socket = await open();
  const admitted = (await ask(socket, 0, [3, 1])).map(({ from }) => from);
  socket.close();
  return admitted.includes(3) ? 'endpoint' : admitted.includes(1) ? 'address' : 'port';
}

/** Whether two sockets of this host reach each other where the server sees them. */
async function hairpin() {
  const [one, other] = [await open(), await open()];
  const { address, port } = (await ask(other, 0)).at(-1);
  const { port: ownPort } = (await ask(one, 0)).at(-1);
  let met = false;
  other.on('message', (packet) => {
    met ||= packet.toString() === 'hairpin';
  });
  // The other way round first: who filters lets in only whom it has written to.
  other.send('hairpin', ownPort, address);
  one.send('hairpin', port, address);
  // Asked for a second answer, it waits for what is late.
  await ask(one, 0, [1]);
  one.close();
  other.close();
  return met;
}

/** What comes back until the asked server itself has answered, which comes last; or not at all. */
async function ask(socket, server, alsoFrom = []) {
  const answers = [];
  const question = JSON.stringify({ id: server, alsoFrom });
  const send = () => socket.send(question, servers[server].port, servers[server].address);
  const timers = [setInterval(send, REPEAT_MS)];
  const answered = await new Promise((resolve) => {
    timers.push(setTimeout(resolve, PATIENCE_MS, false));
    socket.on('message', (packet) => {
      const answer = answerIn(packet);
      if (answer?.id !== server) return;
      answers.push(answer);
      if (answer.from === server) setTimeout(resolve, alsoFrom.length > 0 ? GRACE_MS : 0, true);
    });
    send();
  });
  timers.forEach(clearTimeout);
  socket.removeAllListeners('message');
  if (!answered) return undefined;
  const own = answers.find(({ from }) => from === server);
  return [...answers.filter(({ from }) => from !== server), own];
}

function answerIn(packet) {
  const text = packet.toString();
  return text.startsWith('{') ? JSON.parse(text) : undefined;
}

function place(socket, { address, port }) {
  return { local: socket.address().port, address, port };
}

async function open(address = '0.0.0.0', port = 0) {
  // Without a lookup of its own, dgram would send on a later tick, in whatever order.
  const lookup = (host, _options, done) => done(null, host, 4);
  const socket = createSocket({ type: 'udp4', lookup });
  const listening = once(socket, 'listening'); // Emitted within the call, with such a lookup.
  socket.bind({ address, port });
  await listening;
  return socket;
}

/** Tells whoever connects where it comes from. */
async function listen(host, port) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    const { remoteAddress: address, remotePort } = socket;
    socket.end(JSON.stringify({ address, port: remotePort }));
  });
  server.listen({ host, port });
  await once(server, 'listening');
}

/** Where the server sees a TCP connection of ours come from; `null` where it does not get there. */
async function greet(port) {
  const socket = connect({ host: address1, port });
  const local = once(socket, 'connect').then(() => socket.localPort);
  try {
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer')));
    const [seen] = await Promise.all([once(socket, 'data'), local]);
    return { local: await local, ...JSON.parse(seen[0].toString()) };
  } catch {
    return null;
  } finally {
    socket.destroy();
  }
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
