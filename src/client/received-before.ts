import { type FileHandle, open } from 'node:fs/promises';
import { findByIdentity } from '../io/file-leftovers.ts';
import type { Hasher } from '../protocol/ports.ts';
import type { HeldRun } from '../protocol/transfer/chunk-assembly.ts';
import type { Entry } from '../protocol/transfer/entry.ts';
import { CHUNK_BYTES } from '../protocol/transfer/limits.ts';
import type { ReceiveTicket } from './ticket.ts';

/** The path at which an earlier attempt has brought everything, if it has. */
export async function receivedFile({
  identity,
  folder,
}: ReceiveTicket): Promise<string | undefined> {
  if (identity === undefined || folder === undefined) return undefined;
  return await findByIdentity(folder, identity);
}

/** The same, of a file that is offered again. */
export async function receivedBefore(
  ticket: ReceiveTicket,
  directory: string | undefined,
  { size }: Entry,
): Promise<string | undefined> {
  const isSame = ticket.offer?.bytes === size && ticket.folder === directory;
  return isSame ? await receivedFile(ticket) : undefined;
}

/** All chunks of a file, read again so that the sender can compare them with what it has. */
export async function heldChunks(path: string, size: number, hasher: Hasher): Promise<HeldRun[]> {
  if (size === 0) return [];
  const handle = await open(path);
  try {
    return [{ entry: 0, first: 0, sums: await chunkSums(handle, size, hasher) }];
  } finally {
    await handle.close();
  }
}

async function chunkSums(handle: FileHandle, size: number, hasher: Hasher): Promise<bigint[]> {
  const sums: bigint[] = [];
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let offset = 0; offset < size; offset += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, size - offset);
    const { bytesRead } = await handle.read(buffer, 0, length, offset);
    sums.push(hasher.xxh64(buffer.subarray(0, bytesRead)));
  }
  return sums;
}
