// One transfer between two processes of this machine, by a server of its own.
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const CLI = join(import.meta.dirname, '..', 'bin', 'p2pshare.js');

/**
 * Sends `source` to `out`; yields the milliseconds from the receiver's consent to the final name, and
 * what `atEnd` makes of both programs before they end. `start` begins a program.
 */
export async function transfer(start, { source, out, atEnd = () => undefined }) {
  const server = start([CLI, 'server', '--json', '--listen', '127.0.0.1:0']);
  const { endpoints } = await server.line(({ event }) => event === 'ready');
  const common = ['--json', '--no-lan', '--server', endpoints[0]];
  const sender = start([CLI, 'send', ...common, source]);
  const { code } = await sender.line(({ event }) => event === 'code');
  const receiver = start([CLI, 'receive', '--yes', '--out', out, ...common, code]);
  await receiver.line(({ event, phase }) => event === 'status' && phase === 'transferring');
  const from = performance.now();
  await receiver.line(({ event }) => event === 'file');
  const ms = performance.now() - from;
  const seen = await atEnd(sender, receiver);
  await Promise.all([sender.success(), receiver.success()]);
  await server.end();
  return { ms, seen };
}
