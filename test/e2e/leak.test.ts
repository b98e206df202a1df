import { readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addressBytes } from '../../src/protocol/wire/endpoint.ts';
import { ensureBuilt } from './support/build.ts';
import { expectSuccess } from './support/expectations.ts';
import { Stage } from './support/stage.ts';
import { Wiretap } from './support/wiretap.ts';

const NAME = 'redundancy-plan-2027.txt';
const SENTENCE = 'nobody but the receiver reads this sentence. ';
const TEXT = SENTENCE.repeat(1000);
/** Shorter words turn up in sealed bytes by chance. */
const TELLING_LETTERS = 5;

const stage = new Stage();
let tap: Wiretap | undefined;

beforeAll(ensureBuilt);
afterEach(async () => {
  await stage.clear();
  tap?.close();
  tap = undefined;
});

describe('whoever runs the server, or listens to it', () => {
  it('learns no word of the code, no name and no private address of a direct transfer', async () => {
    const { heard, secrets } = await overheard([]);
    expect(heard.length).toBeGreaterThan(500);
    for (const secret of [...secrets, ...ownAddresses()]) expect(heard).not.toHold(secret);
  });

  it('learns no byte of a file that it relays', async () => {
    const { heard, secrets } = await overheard(['--relay-only']);
    // Sent and received: every byte was heard twice.
    expect(heard.length).toBeGreaterThan(2 * TEXT.length);
    for (const secret of secrets) expect(heard).not.toHold(secret);
  });
});

/** A transfer by way of a listener: what that heard and the server printed, and what is secret. */
async function overheard(
  flags: readonly string[],
): Promise<{ readonly heard: Buffer; readonly secrets: readonly string[] }> {
  const server = await stage.server();
  tap = await Wiretap.listen(server.endpoint);
  const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
  await writeFile(join(folder, NAME), TEXT);
  const where = { server: tap.endpoint, flags };
  const sender = stage.send(join(folder, NAME), where);
  const { code } = await sender.event('code');
  await expectSuccess(sender, stage.receive(code, { ...where, out }));
  expect(await readFile(join(out, NAME), 'utf8')).toBe(TEXT);

  server.program.signal('SIGTERM');
  await server.program.exit();
  const { stdout, stderr } = server.program;
  expect(stdout).toContain('"closed"');
  const [, ...words] = code.split('-');
  const telling = words.filter((word) => word.length >= TELLING_LETTERS);
  return {
    heard: Buffer.concat([tap.heard, Buffer.from(stdout + stderr)]),
    secrets: [words.join('-'), ...telling, NAME, SENTENCE],
  };
}

/** The addresses of this machine, as text and as they are in packets. */
function ownAddresses(): (string | Uint8Array)[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address.replace(/%.*$/, ''))
    .flatMap((address) => [address, addressBytes(address)]);
}

expect.extend({
  toHold(heard: Buffer, secret: string | Uint8Array) {
    const bytes = Buffer.from(secret as string);
    const found = heard.indexOf(bytes);
    const message = () => `${bytes.toString('latin1')} (${bytes.toString('hex')}) at ${found}`;
    return { pass: found !== -1, message };
  },
});

declare module 'vitest' {
  interface Matchers<T> {
    toHold(secret: string | Uint8Array): T;
  }
}
