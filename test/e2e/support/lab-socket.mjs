// A UDP socket on a host of the laboratory, driven over Node's IPC by lab-socket.ts:
// {port} comes first, then {text, address, port} for each datagram that is received; the same form,
// with a `ttl`, is sent when it comes from the parent, and {sent: true} says that it has been.
import { createSocket } from 'node:dgram';
import process from 'node:process';

const socket = createSocket('udp4');
socket.on('message', (packet, { address, port }) => {
  process.send({ text: packet.toString(), address, port });
});
socket.bind(0, '0.0.0.0', () => process.send({ port: socket.address().port }));
process.on('message', ({ text, address, port, ttl }) => {
  socket.setTTL(ttl);
  socket.send(text, port, address, () => process.send({ sent: true }));
});
process.on('disconnect', () => process.exit());
