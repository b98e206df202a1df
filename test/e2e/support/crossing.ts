import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { PathEvent } from '../../../src/client/api/events.ts';
import { expectSuccess } from './expectations.ts';
import type { Lab } from './lab.ts';
import { addresses, type HostName } from './lab-topology.ts';
import { type NatRecipe, nat } from './nat-recipes.ts';
import type { Program } from './program.ts';
import { sha256, writeSample } from './sample.ts';
import type { Server, Stage } from './stage.ts';

const MIB = 2 ** 20;
const { P2PSHARE_E2E_PATHS: extent } = process.env;
/** `P2PSHARE_E2E_PATHS=full`: sizes and times that people have, instead of those that CI waits for. */
export const isFull: boolean = extent === 'full';
/** The line into the receiver's home: so that a second is a second of transfer on any machine. */
export const MEGABITS: number = isFull ? 200 : 40;
export const FILE_BYTES: number = isFull ? 500 * MIB : 32 * MIB;
/** Many times what anything takes; a test that fails should not take minutes to do so. */
const PATIENCE_MS = isFull ? 600_000 : 60_000;

export interface CrossingOptions {
  readonly size?: number;
  readonly flags?: readonly string[];
  readonly from?: HostName;
  readonly to?: HostName;
  /** Where the server listens. */
  readonly listen?: string;
}

/** A file on its way from one home to the other, by way of a server on the internet. */
export class Crossing {
  readonly lab: Lab;
  readonly server: Server;
  readonly sender: Program;
  readonly receiver: Program;
  readonly #sent: { readonly file: string; readonly sum: string; readonly out: string };

  private constructor(
    lab: Lab,
    programs: { readonly server: Server; readonly sender: Program; readonly receiver: Program },
    sent: { readonly file: string; readonly sum: string; readonly out: string },
  ) {
    this.lab = lab;
    this.server = programs.server;
    this.sender = programs.sender;
    this.receiver = programs.receiver;
    this.#sent = sent;
  }

  static async begin(stage: Stage, lab: Lab, options: CrossingOptions = {}): Promise<Crossing> {
    const { size = FILE_BYTES, flags = [], from = 'a', to = 'b' } = options;
    const listen = options.listen ?? `${addresses.s[0]}:0`;
    const server = await stage.server({ on: { lab, host: 's' }, listen });
    const folder = await stage.folder();
    const [file, out] = [join(folder, 'sample.bin'), join(folder, 'out')];
    const [sum] = await Promise.all([writeSample(file, size), mkdir(out)]);
    const where = { server: server.endpoint, flags };
    const sender = stage.send(file, { on: { lab, host: from }, ...where });
    const { code } = await sender.event('code');
    const receiver = stage.receive(code, { on: { lab, host: to }, out, ...where });
    return new Crossing(lab, { server, sender, receiver }, { file, sum, out });
  }

  get peers(): readonly Program[] {
    return [this.sender, this.receiver];
  }

  /** Until so much of the file has arrived. */
  async hasCome(share: number): Promise<void> {
    const isThere = (progress: { bytes: number; total: number | null }) =>
      progress.total !== null && progress.bytes >= share * progress.total;
    await this.receiver.event('progress', isThere, PATIENCE_MS);
  }

  /** Until both have taken a path of this kind after `change`. */
  async movesTo(kind: 'direct' | 'relay', change: () => Promise<void>): Promise<void> {
    await this.takes((path) => path.kind === kind, change);
  }

  /** Lets `change` happen; until the peers then have taken a path like this. */
  async takes(
    isMeant: (path: PathEvent) => boolean,
    change: () => Promise<void>,
    peers: readonly Program[] = this.peers,
  ): Promise<void> {
    const seen = peers.map((peer) => peer.all('path').length);
    await change();
    await Promise.all(
      peers.map((peer, index) => {
        const isNew = (path: object) =>
          peer
            .all('path')
            .slice(seen[index])
            .some((one) => one === path);
        return peer.event('path', (path) => isMeant(path) && isNew(path), PATIENCE_MS);
      }),
    );
  }

  /** Both end well, and the files are equal. */
  async arrives(): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.event('done', undefined, PATIENCE_MS)));
    await expectSuccess(...this.peers);
    expect(await sha256(join(this.#sent.out, 'sample.bin'))).toBe(this.#sent.sum);
  }
}

/** Puts a router in front of each home. */
export async function homes(
  lab: Lab,
  ofA: NatRecipe = nat.portRestricted,
  ofB: NatRecipe = nat.portRestricted,
): Promise<void> {
  await Promise.all([lab.nat('ra', ofA), lab.nat('rb', ofB)]);
}

export function pathKinds(peer: Program): string[] {
  return peer.all('path').map(({ kind }) => kind);
}
