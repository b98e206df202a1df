import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningServer, Verify } from '../../src/client/api/options.ts';
import type { Transfer } from '../../src/client/api/transfer-handle.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import { serve } from '../../src/server/serve.ts';

let folder: string;
let server: RunningServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-verify-'));
  await writeFile(join(folder, 'a.txt'), 'what is sent');
  server = await serve({ listen: '127.0.0.1:0' });
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

interface Pair {
  readonly sender: Transfer;
  readonly receiver: Transfer;
  readonly seen: { readonly asked: string[]; offers: number };
}

/** A sender and a receiver, each with somebody who compares, or with nobody. */
async function pair(ofSender: Verify | undefined, ofReceiver: Verify | undefined): Promise<Pair> {
  const seen = { asked: [] as string[], offers: 0 };
  const watched = (who: string, verify: Verify): Verify => {
    return (words, signal) => {
      seen.asked.push(`${who} ${words.join(' ')}`);
      return verify(words, signal);
    };
  };
  const common = { servers: server.endpoints, lan: false };
  const sender = send({
    ...common,
    paths: [join(folder, 'a.txt')],
    ...(ofSender && { verify: watched('sender', ofSender) }),
  });
  const code = new Promise<string>((resolve) => {
    void (async () => {
      for await (const event of sender) if (event.event === 'code') resolve(event.code);
    })();
  });
  const receiver = receive({
    ...common,
    code: await code,
    out: join(folder, 'b.txt'),
    decide: async () => {
      seen.offers += 1;
      return { accept: true };
    },
    ...(ofReceiver && { verify: watched('receiver', ofReceiver) }),
  });
  return { sender, receiver, seen };
}

const yes: Verify = async () => true;
const no: Verify = async () => false;
const never: Verify = () => new Promise(() => undefined);

describe('two people who compare words', () => {
  it('see the same six, and then the file', async () => {
    const { sender, receiver, seen } = await pair(yes, yes);
    await Promise.all([sender.result, receiver.result]);
    const words = seen.asked.map((text) => text.replace(/^\w+ /, ''));
    expect(words).toHaveLength(2);
    expect(words[0]).toBe(words[1]);
    expect(words[0]?.split(' ')).toHaveLength(6);
    expect(await readFile(join(folder, 'b.txt'), 'utf8')).toBe('what is sent');
  });

  it.each([
    ['the sender', no, never],
    ['the receiver', never, no],
  ])('see an end on both sides when %s sees others', async (_who, ofSender, ofReceiver) => {
    const { sender, receiver, seen } = await pair(ofSender, ofReceiver);
    await expect(sender.result).rejects.toMatchObject({ code: 'P2P_NOT_VERIFIED' });
    await expect(receiver.result).rejects.toMatchObject({ code: 'P2P_NOT_VERIFIED' });
    expect(seen.offers).toBe(0);
  });

  it('offer and accept nothing before they have compared', async () => {
    let compare: (same: boolean) => void = () => undefined;
    const compared = new Promise<boolean>((resolve) => {
      compare = resolve;
    });
    const { sender, receiver, seen } = await pair(
      () => compared,
      async () => {
        expect(seen.offers).toBe(0);
        compare(true);
        return true;
      },
    );
    await Promise.all([sender.result, receiver.result]);
    expect(seen.offers).toBe(1);
  });

  it('cannot be a sender and several receivers', async () => {
    const paths = [join(folder, 'a.txt')];
    const { result } = send({ servers: server.endpoints, paths, receivers: 2, verify: yes });
    await expect(result).rejects.toMatchObject({ code: 'P2P_USAGE' });
  });

  it('may be one alone, whom the other side does not wait for', async () => {
    const { sender, receiver } = await pair(undefined, yes);
    await Promise.all([sender.result, receiver.result]);
    expect(await readFile(join(folder, 'b.txt'), 'utf8')).toBe('what is sent');
  });
});
