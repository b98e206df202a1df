// A file from one end of a program to the other, by the library: a server of its own, a sender and a
// receiver, which would be three machines otherwise.
//
//   usage: node library.mjs FILE FOLDER
import process from 'node:process';
import { P2PShareError, receive, send, serve } from 'p2pshare';

const [file, folder] = process.argv.slice(2);
const server = await serve({ listen: '127.0.0.1:0' });
const where = { servers: server.endpoints, lan: false };
// Ctrl-C ends both sides in order.
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

try {
  const sender = send({ ...where, paths: [file], signal: stop.signal });
  for await (const event of sender) {
    if (event.event !== 'code') continue;
    await take(event.code);
    break;
  }
  await sender.result;
} catch (error) {
  if (!(error instanceof P2PShareError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await server.close();
}

async function take(code) {
  const receiver = receive({
    ...where,
    code,
    out: folder,
    signal: stop.signal,
    // Asked before any byte travels: the place to look at what is offered.
    decide: async (offer) => ({ accept: (offer.bytes ?? 0) < 2 ** 30 }),
  });
  for await (const event of receiver) {
    if (event.event === 'path') console.log(`${event.kind} path to ${event.remote}`);
    if (event.event === 'progress') console.log(`${event.bytes} of ${event.total} bytes`);
  }
  const { files, bytes } = await receiver.result;
  console.log(`${bytes} bytes in ${files.join(', ')}`);
}
