import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileSink, openSink } from '../io/file-sink.ts';
import { placeOf, resolveOut, resolveTarget } from '../io/file-target.ts';
import { STREAM_PATH, StreamSink } from '../io/stream-sink.ts';
import { P2PShareError } from '../protocol/errors.ts';
import type { FileEntry, Offer as TransferOffer } from '../protocol/transfer/entry.ts';
import type { EntryName } from '../protocol/transfer/entry-name.ts';
import type { ConflictPolicy, ReceiveOptions } from './options.ts';

/** Where what is offered goes if a person agrees. */
export interface Destination {
  /** A local path, or `-` for a stream. */
  readonly path: string;
  /** Whether anything is there already. */
  readonly exists: boolean;
  /** The folder in which a file is made; none for a stream. */
  readonly folder: string | undefined;
  /** Prepares to write for the transfer of this id; throws as `openSink` does. */
  open(onConflict: ConflictPolicy, id: string): Promise<FileSink>;
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

/** A file at the top of a transfer, under its own name. */
export interface SingleFile extends FileEntry {
  readonly name: EntryName;
}

/**
 * The one file of an offer. Throws `P2P_VERSION_MISMATCH` for anything more: what a person is asked
 * about and what is written must be the same, and several entries or folders are not written here.
 */
export function onlyFile({ entries }: Pick<TransferOffer, 'entries'>): SingleFile {
  const [entry, ...others] = entries;
  const [name, ...below] = entry?.path ?? [];
  if (entry?.kind === 'file' && name !== undefined && others.length + below.length === 0) {
    return { ...entry, name };
  }
  throw new P2PShareError('P2P_VERSION_MISMATCH', 'offered is something else than one file');
}

/** The destination of a file; throws as `resolveTarget` does. */
export async function destinationOf(
  entry: SingleFile,
  { out, allowHidden = false }: Pick<ReceiveOptions, 'out' | 'allowHidden'>,
): Promise<Destination> {
  if (isStream(out)) {
    return {
      path: STREAM_PATH,
      exists: false,
      folder: undefined,
      open: async () => new StreamSink(out),
    };
  }
  const target = await resolveTarget({ out, name: entry.name, allowHidden });
  const place = placeOf(target, entry.name);
  const path = join(place.directory, place.name);
  return {
    path,
    exists: await isThere(path),
    folder: place.directory,
    open: (onConflict, id) => openSink({ target, entry, onConflict, id }),
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
