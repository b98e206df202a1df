import { mkdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from './program.ts';
import { writeSample } from './sample.ts';
import type { Server, Stage } from './stage.ts';

const MIB = 2 ** 20;
/** Nothing of this size is through before something has happened to it, though it is a hole. */
export const ENDLESS: number = 4 * MIB * MIB;

/** A sender that waits under a code. */
export interface Offered {
  readonly sender: Program;
  readonly code: string;
  /** What is sent. */
  readonly file: string;
  /** An empty folder to receive into. */
  readonly out: string;
  /** Starts a receiver: with the code and into the folder, unless something else is said. */
  receive(instead?: {
    readonly code?: string;
    readonly out?: string;
    readonly flags?: readonly string[];
  }): Program;
}

/** Offers `sample.bin` of `size` bytes. Most of a large file is a hole, unless it is `dense`. */
export async function offered(
  stage: Stage,
  { endpoint: server }: Server,
  size: number,
  dense = false,
): Promise<Offered> {
  const folder = await stage.folder();
  const out = join(folder, 'out');
  await mkdir(out);
  const file = join(folder, 'sample.bin');
  await writeSample(file, dense ? size : Math.min(size, MIB));
  await truncate(file, size);
  const sender = stage.send(file, { server });
  const { code } = await sender.event('code');
  const receive: Offered['receive'] = (instead = {}) =>
    stage.receive(instead.code ?? code, { out, server, ...instead });
  return { sender, code, file, out, receive };
}

/** A transfer of which some has arrived. */
export async function underWay(
  stage: Stage,
  server: Server,
  size: number,
): Promise<Offered & { readonly receiver: Program }> {
  const offer = await offered(stage, server, size);
  const receiver = offer.receive();
  await receiver.event('progress', ({ bytes }) => bytes > 0);
  return { ...offer, receiver };
}
