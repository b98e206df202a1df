import { copyFile, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readCertificate } from '../../src/server/certificate.ts';
import { StreamClients } from '../../src/server/stream-clients.ts';
import { certificateFiles, renewedFiles } from '../support/certificate.ts';

const LOOK_MS = 10;

let folder: string;
let files: { cert: string; key: string };
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-certificate-'));
  files = { cert: join(folder, 'live/cert.pem'), key: join(folder, 'live/key.pem') };
  await install(certificateFiles);
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await rm(folder, { recursive: true });
});

/** Both files at once, as those who renew certificates do it. */
async function install(from: typeof files): Promise<void> {
  const version = await mkdtemp(join(folder, 'version-'));
  await copyFile(from.cert, join(version, 'cert.pem'));
  await copyFile(from.key, join(version, 'key.pem'));
  await symlink(version, `${version}.link`);
  await rename(`${version}.link`, join(folder, 'live'));
}

/** Clients over TCP of a server with the certificate, what is told of it, and which one it shows. */
async function serving() {
  const states: string[] = [];
  let wake = (): void => undefined;
  const clients = new StreamClients({
    driver: { addBase: () => undefined, removeBase: () => undefined },
    tls: { files, certificate: await readCertificate(files), lookMs: LOOK_MS },
    limits: {},
    onCertificate: (state) => {
      states.push(state);
      wake();
    },
  });
  closing.push(() => clients.close());
  const [bound] = await clients.listen([{ address: '127.0.0.1', port: 0 }]);
  const shown = async () => {
    const socket = connect({ port: bound?.port as number, rejectUnauthorized: false });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  const told = () => {
    return new Promise<void>((resolve) => {
      wake = resolve;
    });
  };
  return { states, shown, told };
}

describe('a server whose certificate is renewed', () => {
  it('shows the new one without being started again', async () => {
    const { states, shown, told } = await serving();
    const before = await shown();
    const next = told();
    await install(renewedFiles);
    await next;
    expect(states).toEqual(['renewed']);
    const after = await shown();
    expect(after).not.toBe(before);
    const back = told();
    await install(certificateFiles);
    await back;
    expect([states, await shown()]).toEqual([['renewed', 'renewed'], before]);
  });

  it('goes on with the old one while the files hold none, and says so once', async () => {
    const { states, shown, told } = await serving();
    const before = await shown();
    const next = told();
    await writeFile(files.cert, 'no certificate');
    await next;
    expect([states, await shown()]).toEqual([['unreadable'], before]);
    const renewed = told();
    await install(renewedFiles);
    await renewed;
    expect(states).toEqual(['unreadable', 'renewed']);
  });

  it('says nothing of what it was looking at when it ended', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const { states } = await serving();
      await install(renewedFiles);
      vi.advanceTimersByTime(LOOK_MS);
      await closing[0]?.();
      // What had begun to be read has been by now.
      for (let left = 3; left > 0; left -= 1) await readCertificate(files);
      expect(states).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });
});
