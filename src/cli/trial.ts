import { randomBytes } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import type { PathEvent } from '../client/api/events.ts';
import type { RoutePolicy } from '../client/api/options.ts';
import type { Library } from './library.ts';

/** What a transfer to itself has shown. */
export interface TrialResult {
  readonly bytesPerSecond: number;
  /** The way it took at last; `undefined` if it was never told. */
  readonly path: PathEvent | undefined;
}

export interface TrialOptions {
  readonly servers: readonly string[];
  readonly route: RoutePolicy;
  /** How long is measured, from the first bytes on. */
  readonly ms: number;
  readonly signal: AbortSignal;
}

/**
 * Sends noise from this process to this process, as any transfer is sent, for a while. Rejects like a
 * transfer that fails.
 */
export async function trial(library: Library, options: TrialOptions): Promise<TrialResult> {
  const end = new AbortController();
  const common = {
    servers: options.servers,
    route: options.route,
    lan: false,
    portMapping: false,
    signal: AbortSignal.any([end.signal, options.signal]),
  };
  const input = { stream: noise(), name: 'noise' };
  const sender = library.send({ ...common, paths: [], input });
  try {
    for await (const event of sender) {
      if (event.event !== 'code') continue;
      const receiver = library.receive({ ...common, code: event.code, out: nowhere() });
      const measured = await measure(receiver, options.ms);
      end.abort();
      await receiver.result.catch(() => undefined);
      if (measured !== undefined) return measured;
      // It ended before anything could be measured: that is its failure, or the sender's.
      await receiver.result;
    }
    await sender.result;
    throw new Error('unreachable: a transfer without an end has ended well');
  } finally {
    end.abort();
    await sender.result.catch(() => undefined);
  }
}

/** `undefined` if the transfer ends before. */
async function measure(
  transfer: ReturnType<Library['receive']>,
  ms: number,
): Promise<TrialResult | undefined> {
  let path: PathEvent | undefined;
  let first: { readonly at: number; readonly bytes: number } | undefined;
  for await (const event of transfer) {
    if (event.event === 'path') path = event;
    if (event.event !== 'progress' || event.bytes === 0) continue;
    const at = performance.now();
    first ??= { at, bytes: event.bytes };
    if (at - first.at < ms) continue;
    const bytesPerSecond = ((event.bytes - first.bytes) / (at - first.at)) * 1000;
    return { bytesPerSecond, path };
  }
  return undefined;
}

/** What cannot be made smaller, and costs nothing to make. */
function noise(): Readable {
  const piece = randomBytes(2 ** 20);
  return new Readable({
    highWaterMark: piece.length,
    read() {
      this.push(piece);
    },
  });
}

function nowhere(): Writable {
  return new Writable({ write: (_piece, _encoding, done) => done() });
}
