import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import type { Entry } from '../../../src/protocol/transfer/entries/entry.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { ByteWriter } from '../../../src/protocol/wire/byte-writer.ts';
import { data, expectFailed, message, offer } from './receiver-support.ts';
import { entryName, fileEntry, joined } from './transfer-pair.ts';

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

const a = fileEntry('a', 10);
const folder: Entry = { kind: 'folder', path: [entryName('d')], size: 0, mtimeMs: 0, mode: 0o755 };
const link = (target: string): Entry => ({
  kind: 'link',
  path: [entryName('d'), entryName('link')],
  size: 0,
  mtimeMs: 0,
  mode: 0o777,
  target,
});
const raw = (path: readonly (string | Uint8Array)[], kind = 1): Uint8Array => {
  const entry = new ByteWriter(8192);
  for (const byte of [kind, 0, 0]) entry.uint8(byte);
  entry.varint(path.length);
  for (const name of path) entry.prefixed(typeof name === 'string' ? Buffer.from(name) : name);
  entry.varint(0);
  entry.uint64(1n);
  const page = new ByteWriter(8192);
  for (const byte of [1, 1, 10, 1, 0, 0, 1]) page.uint8(byte);
  page.prefixed(entry.view());
  return page.finish();
};
const BAD_OFFERS: [string, string, () => Uint8Array][] = [
  ['a total that is not the sum', 'P2P_PROTOCOL', () => offer([a], 11)],
  [
    'sizes that overflow',
    'P2P_PROTOCOL',
    () => offer([fileEntry('b', Number.MAX_SAFE_INTEGER), a], 1),
  ],
  ['chunks that are too large', 'P2P_PROTOCOL', () => offer([a], 10, 21)],
  ['chunks that are too small', 'P2P_PROTOCOL', () => offer([a], 10, 9)],
  ['no entries', 'P2P_PROTOCOL', () => Uint8Array.of(1, 1, 10, 0, 0, 0, 0)],
  [
    'fewer entries than it says',
    'P2P_PROTOCOL',
    () => Uint8Array.of(1, 1, 10, 2, 0, ...raw(['a']).subarray(5)),
  ],
  [
    'too many entries',
    'P2P_PROTOCOL',
    () => Uint8Array.of(1, 0, 10, 0x80, 0x0f, 0x42, 0x41, 0, ...raw(['a']).subarray(5)),
  ],
  [
    'more entries than it says',
    'P2P_PROTOCOL',
    () => Uint8Array.of(1, 0, 10, 1, 0, 0, 2, ...raw(['a']).subarray(7), ...raw(['b']).subarray(7)),
  ],
  ['a page that never ends', 'P2P_PROTOCOL', () => Uint8Array.of(1, 0, 10, 5, 0, 0, 0)],
  ['65 components', 'P2P_PROTOCOL', () => raw(Array.from({ length: 65 }, () => 'd'))],
  ['no component', 'P2P_PROTOCOL', () => raw([])],
  [
    'a path of more than 4,096 bytes',
    'P2P_NAME_REFUSED',
    () => raw(Array.from({ length: 17 }, () => 'd'.repeat(250))),
  ],
  ['a name that climbs', 'P2P_NAME_REFUSED', () => raw(['..', 'a'])],
  ['a name with a separator', 'P2P_NAME_REFUSED', () => raw(['/etc/passwd'])],
  ['a name that is not UTF-8', 'P2P_NAME_REFUSED', () => raw([Uint8Array.of(0xc3, 0x28)])],
  ['one name twice', 'P2P_NAME_REFUSED', () => offer([a, a])],
  ['names that differ in case only', 'P2P_NAME_REFUSED', () => offer([a, fileEntry('A', 1)])],
  [
    'a file where a folder is',
    'P2P_NAME_REFUSED',
    () => offer([a, { ...a, path: [...a.path, ...a.path] }]),
  ],
  ['one folder twice', 'P2P_NAME_REFUSED', () => offer([folder, folder])],
  ['a folder where a file is', 'P2P_NAME_REFUSED', () => offer([a, { ...folder, path: a.path }])],
  ['a link out of the tree', 'P2P_NAME_REFUSED', () => offer([link('../../x')])],
  ['a link to an absolute place', 'P2P_NAME_REFUSED', () => offer([link('/etc/passwd')])],
  [
    'a file beneath a link',
    'P2P_NAME_REFUSED',
    () => offer([link('x'), { ...a, path: [...link('x').path, ...a.path] }]),
  ],
  ['a kind of a newer version', 'P2P_RECEIVER_OUTDATED', () => raw(['a'], 9)],
];

describe('a receiver given a bad offer', () => {
  it.each(BAD_OFFERS)('refuses %s: %s', (_, code, page) => {
    const receiver = new TransferReceiver({ hasher });
    const record = message(0, page());
    receiver.handleRecord(record);
    expectFailed(receiver, code, record.length);
  });

  it('takes no data before it has said yes', () => {
    const receiver = new TransferReceiver({ hasher });
    receiver.handleRecord(joined([message(0, offer([a])), data(0, 0, 1)]));
    expect(receiver.pollEvent()).toMatchObject({ kind: 'offer' });
    expectFailed(receiver, 'P2P_PROTOCOL');
  });

  it('takes names that are dangerous to objects only', () => {
    const receiver = new TransferReceiver({ hasher });
    receiver.handleRecord(
      message(0, offer([fileEntry('__proto__', 1), fileEntry('constructor', 2)])),
    );
    expect(receiver.pollEvent()).toMatchObject({ kind: 'offer', offer: { totalBytes: 3 } });
  });
});
