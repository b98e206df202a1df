import { readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addressBytes } from '../../src/protocol/wire/endpoint.ts';
import { ensureBuilt } from './support/build.ts';
import { expectSuccess } from './support/expectations.ts';
import { type Server, Stage } from './support/stage.ts';

const NAME = 'redundancy-plan-2027.txt';
const SENTENCE = 'nobody but the receiver reads this sentence. ';
const TEXT = SENTENCE.repeat(1000);
/** Shorter words turn up in sealed bytes by chance. */
const TELLING_LETTERS = 5;

const stage = new Stage();

beforeAll(ensureBuilt);
afterEach(() => stage.clear());

describe('whoever runs the server, or listens to it', () => {
  it('learns no word of the code, no name and no private address of a direct transfer', async () => {
    const { heard, printed, secrets } = await overheard([]);
    expect(heard.length).toBeGreaterThan(500);
    const addresses = ownAddresses();
    for (const secret of [...secrets, ...addresses, ...addresses.map(addressBytes)])
      expect(heard).not.toHold(secret);
    await expectNoneOf([...secrets, ...addresses], printed);
  });

  it('learns no byte of a file that it relays', async () => {
    const { heard, printed, secrets } = await overheard(['--relay-only']);
    // Sent and received: every byte was heard twice.
    expect(heard.length).toBeGreaterThan(2 * TEXT.length);
    for (const secret of secrets) expect(heard).not.toHold(secret);
    await expectNoneOf(secrets, printed);
  });
});

interface Overheard {
  /** Every byte to and from the server. */
  readonly heard: Buffer;
  /** What the server wrote, from its start to its end. */
  readonly printed: string;
  readonly secrets: readonly string[];
}

/** A transfer by way of a listener. */
async function overheard(flags: readonly string[]): Promise<Overheard> {
  const server = await stage.server();
  const tap = await stage.wiretap(server);
  const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
  await writeFile(join(folder, NAME), TEXT);
  const where = { server: tap.endpoint, flags };
  // So that each byte of the file is one that could be heard.
  const sender = stage.send(join(folder, NAME), { ...where, flags: [...flags, '--no-compress'] });
  const { code } = await sender.event('code');
  await expectSuccess(sender, stage.receive(code, { ...where, out }));
  expect(await readFile(join(out, NAME), 'utf8')).toBe(TEXT);

  const printed = await lastWords(server);
  const [, ...words] = code.split('-');
  const telling = words.filter((word) => word.length >= TELLING_LETTERS);
  return {
    heard: tap.heard,
    printed,
    secrets: [words.join('-'), ...telling, NAME, SENTENCE],
  };
}

/** Everything that a server printed, once it has ended. */
async function lastWords({ program }: Server): Promise<string> {
  program.signal('SIGTERM');
  await program.exit();
  expect(program.stdout).toContain('"closed"');
  return program.stdout + program.stderr;
}

/**
 * A word of a code may also be one that servers say anyway, as in `packetsIn`: what a server prints
 * that nobody ever talked to gives nothing away.
 */
async function expectNoneOf(secrets: readonly string[], printed: string): Promise<void> {
  const idle = await lastWords(await stage.server());
  const telling = secrets.filter((secret) => !idle.includes(secret));
  for (const secret of telling) expect(printed).not.toContain(secret);
}

/** The addresses by which other machines would know this one. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address.replace(/%.*$/, ''));
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
