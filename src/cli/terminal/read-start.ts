import { open } from 'node:fs/promises';

/** What a file begins with, up to `bytes`; of a pipe, what comes of it at once. */
export async function readStart(path: string, bytes: number): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
