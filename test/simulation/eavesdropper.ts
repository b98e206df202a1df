import { addressBytes } from '../../src/protocol/wire/endpoint.ts';
import type { Scene } from './scene.ts';

/** Bytes of the file in a row that count as a leak are 16; any 16 hold one aligned block of 8. */
const BLOCK_BYTES = 8;

/** What must not be read on the internet or by the server, by what it is. */
export interface Secrets {
  readonly texts: readonly string[];
  readonly addresses: readonly string[];
  readonly file: Uint8Array;
}

/** Reads every datagram on the internet and notes what it learns. */
export class Eavesdropper {
  readonly learnt = new Set<string>();
  bytes = 0;
  readonly #needles: readonly { readonly name: string; readonly bytes: Buffer }[];
  readonly #blocks = new Set<bigint>();

  constructor({ texts, addresses, file }: Secrets) {
    this.#needles = [
      ...[...texts, ...addresses].map((text) => ({ name: text, bytes: Buffer.from(text) })),
      ...addresses.map((address) => ({
        name: `${address} in 4`,
        bytes: Buffer.from(addressBytes(address)),
      })),
    ];
    const view = Buffer.from(file);
    for (let at = 0; at + BLOCK_BYTES <= file.length; at += BLOCK_BYTES) {
      this.#blocks.add(view.readBigUInt64BE(at));
    }
  }

  listen(scene: Scene): this {
    scene.sim.tap(({ payload }) => {
      this.read(payload);
      return 'pass';
    });
    return this;
  }

  read(payload: Uint8Array): void {
    const view = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
    this.bytes += view.length;
    for (const { name, bytes } of this.#needles) if (view.includes(bytes)) this.learnt.add(name);
    if (this.#holdsBlock(view)) this.learnt.add('the file');
  }

  #holdsBlock(view: Buffer): boolean {
    for (let at = 0; at + BLOCK_BYTES <= view.length; at += 1) {
      if (this.#blocks.has(view.readBigUInt64BE(at))) return true;
    }
    return false;
  }
}
