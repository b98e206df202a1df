// Tells how the NAT in front of this host behaves (the tests of RFC 5780, in JSON datagrams).
//
//   node nat-probe.mjs server ADDRESS1 ADDRESS2 PORT1 PORT2    prints `ready`
//   node nat-probe.mjs client ADDRESS1 ADDRESS2 PORT1 PORT2    prints a report and ends
//
// Plain JavaScript: it runs in processes of its own, on a Node that cannot strip types.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import process from 'node:process';

const [role, address1, address2, port1, port2] = process.argv.slice(2);
/** The server's four endpoints; the first is the one that filter tests talk to. */
const servers = [
  { address: address1, port: Number(port1) },
  { address: address1, port: Number(port2) },
  { address: address2, port: Number(port1) },
  { address: address2, port: Number(port2) },
];

// Answers come after what must not be let in, by the same way; this is for their being reordered.
const GRACE_MS = 50;
const REPEAT_MS = 200;

if (role === 'server') await serve();
else process.stdout.write(`${JSON.stringify(await report())}\n`);

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
  process.stdout.write('ready\n');
}

async function report() {
  const socket = await open('0.0.0.0', 0);
  const mapped = [];
  for (const i of servers.keys()) mapped.push((await ask(socket, i, [])).at(-1));
  const local = socket.address().port;
  socket.close();
  // A filter test needs a socket that has spoken to nobody else.
  const fresh = await open('0.0.0.0', 0);
  const admitted = (await ask(fresh, 0, [3, 1])).map(({ from }) => from);
  fresh.close();
  const filtering = admitted.includes(3) ? 'endpoint' : admitted.includes(1) ? 'address' : 'port';
  return { local, mapped: mapped.map(({ address, port }) => ({ address, port })), filtering };
}

/** What comes back until the asked server itself has answered, asked again until it has. */
async function ask(socket, server, alsoFrom) {
  const answers = [];
  const answered = new Promise((resolve) => {
    socket.on('message', (packet) => {
      const answer = JSON.parse(packet.toString());
      if (answer.id !== server) return;
      if (answer.from === server) setTimeout(resolve, alsoFrom.length > 0 ? GRACE_MS : 0);
      answers.push(answer);
    });
  });
  const { address, port } = servers[server];
  const question = JSON.stringify({ id: server, alsoFrom });
  const send = () => socket.send(question, port, address);
  const repeat = setInterval(send, REPEAT_MS);
  send();
  await answered;
  clearInterval(repeat);
  socket.removeAllListeners('message');
  return answers
    .filter(({ from }) => from !== server)
    .concat(answers.find((a) => a.from === server));
}

async function open(address, port) {
  // Without a lookup of its own, dgram would send on a later tick, in whatever order.
  const lookup = (host, _options, done) => done(null, host, 4);
  const socket = createSocket({ type: 'udp4', lookup });
  const listening = once(socket, 'listening'); // Emitted within the call, with such a lookup.
  socket.bind({ address, port });
  await listening;
  return socket;
}
