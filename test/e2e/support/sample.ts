import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';

/** Bytes that no compression, sparse file or repeated block can hide a mistake in. */
export function sampleBytes(length: number, seed = 1): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(length));
}

/** Writes a sample; yields its SHA-256. */
export async function writeSample(path: string, length: number, seed = 1): Promise<string> {
  const bytes = sampleBytes(length, seed);
  await writeFile(path, bytes);
  return createHash('sha256').update(bytes).digest('hex');
}

export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
