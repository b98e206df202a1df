// Sends, receives, and goes on after the receiver was killed, by the lines of `--json` alone. Written
// from docs/events.schema.json, with nothing of p2pshare but its command.
//
//   usage: node drive-json.mjs PATH FOLDER      (the receiver is killed once there is something to resume)
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';

const [path, folder] = process.argv.slice(2);

const sender = start('send', path);
const { code } = await sender.next((event) => event.event === 'code');

const first = start('receive', '--yes', '--out', folder, code);
const ticket = await first.next((event) => event.event === 'ticket' && event.state === 'kept');
const seen = await first.next((event) => event.event === 'progress' && event.bytes > 0);
await first.kill();
console.log(`killed after ${seen.bytes} bytes`);

const second = start('resume', ticket.id);
const done = await second.next((event) => event.event === 'done');
console.log(`done: ${done.bytes} bytes, ${done.path}`);
await sender.next((event) => event.event === 'done');

/** A running command, and its events in the order in which they come. */
function start(command, ...operands) {
  const child = spawn('p2pshare', [command, '--json', ...operands], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (!done) return understood(JSON.parse(value));
    const [status] = child.exitCode === null ? await once(child, 'close') : [child.exitCode];
    throw new Error(`${command} ended with ${status}`);
  };
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
    /** The next event that is looked for. */
    async next(isIt) {
      let event = await next();
      while (!isIt(event)) event = await next();
      return event;
    },
  };
}

/** An event that is not the end of everything. */
function understood(event) {
  if (event.event === 'start' && event.schema !== 1) throw new Error('this is another schema');
  if (event.event === 'error') throw new Error(`${event.code}: ${event.message}; ${event.hint}`);
  return event;
}
