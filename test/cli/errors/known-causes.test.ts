import { describe, expect, it } from 'vitest';
import { messageFor } from '../../../src/cli/errors/messages.ts';
import { nameRefused } from '../../../src/io/source/name-refused.ts';
import { P2PShareError } from '../../../src/protocol/errors.ts';

type Code = 'P2P_SERVER_UNREACHABLE' | 'P2P_SOURCE_UNREADABLE' | 'P2P_DISK_FULL' | 'P2P_LOCAL_IO';

function caused(code: Code, ...codes: string[]) {
  const cause = codes.reduceRight<Error | undefined>(
    (inner, name) => Object.assign(new Error(name, { cause: inner }), { code: name }),
    undefined,
  );
  return new P2PShareError(code, 'for logs', { cause });
}

describe('what caused an error', () => {
  it.each([
    ['P2P_SERVER_UNREACHABLE', 'ECONNREFUSED', /refuses connections/, /p2pshare server runs there/],
    ['P2P_SERVER_UNREACHABLE', 'CERT_NOT_YET_VALID', /certificate/, /clock/],
    ['P2P_SERVER_UNREACHABLE', 'DEPTH_ZERO_SELF_SIGNED_CERT', /trust/, /NODE_EXTRA_CA_CERTS/],
    ['P2P_SERVER_UNREACHABLE', 'ENETUNREACH', /no way/, /online/],
    ['P2P_SOURCE_UNREADABLE', 'size unknown', /says that it is empty/, /send - --name/],
    ['P2P_SOURCE_UNREADABLE', 'too many files', /more than a million/, /in parts, or .*tar c/],
    ['P2P_DISK_FULL', 'EFBIG', /larger than/, /FAT/],
    ['P2P_LOCAL_IO', 'EROFS', /read-only/, /another place/],
    ['P2P_LOCAL_IO', 'EMFILE', /too many files/, /ulimit/],
  ] as const)('makes words of %s by %s', (code, cause, text, hint) => {
    const message = messageFor(caused(code, cause));
    expect(message.text).toMatch(text);
    expect(message.hint).toMatch(hint);
  });

  it.each([
    ['empty', /no name/, /what is in it/],
    ['reserved character', /not every system/, /--encode-names/],
    ['invisible character', /cannot be seen/, /--encode-names/],
    ['trailing dot or space', /ends in a dot/, /--encode-names/],
    ['device name', /device/, /--encode-names/],
    ['reserved by p2pshare', /unfinished/, /--encode-names/],
    ['not unicode', /UTF-8/, /^rename it, or leave/],
    ['too long', /too long/, /^rename it, or leave/],
    ['path too long', /too long/, /^rename it, or leave/],
    ['same name', /same name/, /by itself/],
    ['same name in another case', /case/, /rename one/],
  ] as const)('says of a name what is wrong with it: %s', (problem, text, hint) => {
    const message = messageFor(nameRefused(problem, '/photos/12:30'), 'sender');
    expect(message.text).toMatch(text);
    expect(message.text).toMatch(/: \/photos\/12:30$/);
    expect(message.hint).toMatch(hint);
  });

  it('is found behind others', () => {
    expect(messageFor(caused('P2P_LOCAL_IO', 'ERR_WRAPPED', 'EIO')).text).toMatch(/disk/);
  });

  it('says nothing where it is not known', () => {
    const { text } = messageFor(new P2PShareError('P2P_LOCAL_IO', 'for logs'));
    expect(messageFor(caused('P2P_LOCAL_IO', 'constructor')).text).toBe(text);
    expect(messageFor(caused('P2P_LOCAL_IO', 'ECONNREFUSED')).text).toBe(text);
  });
});
