import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import { systemRandom } from '../../../src/crypto/random.ts';
import { Hosting } from '../../../src/protocol/session/hosting.ts';
import { instant } from '../../../src/protocol/time.ts';

describe('hosting', () => {
  it('has a nameplate from its own server at once', () => {
    const hosting = new Hosting(
      {
        servers: [],
        lan: true,
        isOpen: false,
        hello: new Uint8Array(32),
        crypto: createCrypto(),
        random: systemRandom,
      },
      instant(0),
    );
    expect(hosting.pollEvent()).toMatchObject({ kind: 'nameplate' });
    expect(hosting.pollTransmit(instant(0))).toBeUndefined();
  });
});
