import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { zstd } from '../../io/compression/zstd.ts';
import type { FileSink } from '../../io/target/file-sink.ts';
import { placeOf, resolveOut, resolveTarget, type Target } from '../../io/target/file-target.ts';
import { STREAM_PATH, StreamSink } from '../../io/target/stream-sink.ts';
import { TextSink } from '../../io/target/text-sink.ts';
import { openSink, type SinkOptions } from '../../io/target/tree-sink.ts';
import { P2PShareError } from '../../protocol/errors.ts';
import type { Entries } from '../../protocol/transfer/entries/entry.ts';
import {
  type Holdings,
  NOTHING_HELD,
  type Wishes,
} from '../../protocol/transfer/messages/answer-message.ts';
import type { ReceiveOptions } from '../api/options.ts';
import { topNames } from '../session/offer-summary.ts';

/** A sink, and what of the offer it does not need. */
export interface OpenDestination {
  readonly sink: FileSink;
  readonly holdings: Holdings;
}

/** What a destination needs to know beside what is offered. */
export type Opening = Pick<
  SinkOptions,
  'onConflict' | 'id' | 'hasher' | 'chunkBytes' | 'storedBytes'
>;

/** Where what is offered goes if a person agrees. */
export interface Destination {
  /** A local path, or `-` for a stream: of the only thing offered, or of the folder for several. */
  readonly path: string;
  /** Whether anything is there already. */
  readonly exists: boolean;
  /** The folder in which something is made; none for a stream. */
  readonly folder: string | undefined;
  /** What came, if it is a text to be shown. */
  readonly text?: () => string;
  /** Prepares to write; throws as `openSink` does. */
  open(opening: Opening): Promise<OpenDestination>;
}

/** Refuses what would be refused whatever is offered, before the code is spent on it. */
export async function requireDestination(
  options: Pick<ReceiveOptions, 'out' | 'onConflict'>,
): Promise<void> {
  const { out, onConflict = 'fail' } = options;
  if (isStream(out)) {
    if (out.writable) return;
    throw new P2PShareError('P2P_TARGET_UNWRITABLE', 'the stream to write to is closed');
  }
  const target = await resolveOut(out);
  if (onConflict === 'fail' && 'file' in target && (await isThere(target.file))) {
    throw new P2PShareError('P2P_TARGET_EXISTS', 'the name to write to is taken');
  }
}

/** The destination of an offer; throws as `resolveTarget` does. */
export async function destinationOf(
  entries: Entries,
  options: Pick<ReceiveOptions, 'out' | 'allowHidden' | 'preserve' | 'delta'>,
): Promise<Destination> {
  const { out, allowHidden = false, preserve = false, delta = false } = options;
  if (isStream(out)) return streamOf(entries, out);
  const only = entries.length === 1 ? entries.at(0) : undefined;
  const isText = only?.kind === 'file' && only.isText;
  // Where it is to be kept, it is a file.
  if (isText && out === undefined) return textOf(only.size);
  const names = topNames(entries);
  const target = await resolveTarget({ out, names, allowHidden });
  const { directory, name } = placeOf(target);
  const paths = (name === undefined ? names : [name]).map((each) => join(directory, each));
  const areThere = await Promise.all(paths.map(isThere));
  return {
    path: paths.length === 1 ? String(paths[0]) : directory,
    exists: areThere.includes(true),
    folder: directory,
    open: (opening) => openTree({ ...opening, target, entries, preserve, delta }),
  };
}

/** How what goes to a sink is to be sent. */
export async function wishesOf(
  sink: FileSink,
  { limit }: Pick<ReceiveOptions, 'limit'>,
): Promise<Wishes> {
  return {
    limit: limit === undefined ? undefined : Math.ceil(limit),
    takesShort: sink.inOrder,
    takesZstd: (await zstd()) !== undefined,
  };
}

/** Where an offer that was settled in an earlier process goes; none for a stream. */
export async function settledTarget({
  out,
}: Pick<ReceiveOptions, 'out'>): Promise<Target | undefined> {
  return isStream(out) ? undefined : await resolveOut(out);
}

async function openTree(options: SinkOptions): Promise<OpenDestination> {
  const sink = await openSink(options);
  return { sink, holdings: sink.holdings };
}

function streamOf(entries: Entries, stream: NodeJS.WritableStream): Destination {
  const only = entries.length === 1 ? entries.at(0) : undefined;
  const isFile = only?.kind === 'file' || only?.kind === 'stream';
  if (!isFile || only.path.length > 1) {
    throw new P2PShareError('P2P_TARGET_UNWRITABLE', 'only one file can go to a stream');
  }
  return {
    path: STREAM_PATH,
    exists: false,
    folder: undefined,
    open: async () => ({ sink: new StreamSink(stream), holdings: NOTHING_HELD }),
  };
}

function textOf(size: number): Destination {
  const sink = new TextSink(size);
  return {
    path: STREAM_PATH,
    exists: false,
    folder: undefined,
    text: () => sink.text,
    open: async () => ({ sink, holdings: NOTHING_HELD }),
  };
}

function isStream(out: ReceiveOptions['out']): out is NodeJS.WritableStream {
  return typeof out === 'object';
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
