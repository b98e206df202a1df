// One transfer of p2pshare between two processes, by a server of its own.
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

export const CLI = join(import.meta.dirname, '..', 'bin', 'p2pshare.js');

/** Everything on one machine. */
const LOOPBACK = { server: {}, sender: {}, receiver: {}, address: '127.0.0.1' };

/**
 * Sends `source` to `out`; yields the milliseconds from the receiver's consent to the final name, and
 * with `isMeasured` the `usage` of both programs until their end. `start` begins a program;
 * `beforeReceiver` is awaited once the code is there; `places` has the namespaces of all three and the
 * server's address; `flags` are for both sides.
 */
export async function transfer(start, options) {
  const { source, out, flags = [], env = {}, places = LOOPBACK } = options;
  const { beforeReceiver = () => undefined, isMeasured = false } = options;
  const listen = ['--listen', `${places.address}:0`];
  const server = start([CLI, 'server', '--json', ...listen], { ...places.server, env });
  const { endpoints } = await server.line(({ event }) => event === 'ready');
  const common = ['--json', '--no-lan', '--no-port-mapping', '--server', endpoints[0], ...flags];
  const sender = start([CLI, 'send', ...common, ...(options.sendFlags ?? []), source], {
    ...places.sender,
    env,
    isMeasured,
  });
  const { code } = await sender.line(({ event }) => event === 'code');
  await beforeReceiver();
  const joining = performance.now();
  const receiver = start([CLI, 'receive', '--yes', '--out', out, ...common, code], {
    ...places.receiver,
    env,
    isMeasured,
  });
  await receiver.line(({ event, phase }) => event === 'status' && phase === 'transferring');
  const from = performance.now();
  await receiver.line(({ event }) => event === 'file');
  const ms = performance.now() - from;
  await Promise.all([sender.success(), receiver.success()]);
  await server.end();
  const usage = isMeasured && {
    usage: { sender: await sender.usage(), receiver: await receiver.usage() },
  };
  return { ms, startMs: from - joining, ...usage };
}
