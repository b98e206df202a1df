import { describe, expect, it } from 'vitest';
import { errorPage } from '../../../src/cli/errors/error-page.ts';
import { exitCodeOf } from '../../../src/cli/errors/exit-code.ts';
import { messageFor } from '../../../src/cli/errors/messages.ts';
import { UsageError } from '../../../src/cli/errors/usage-error.ts';
import { ERROR_CODES, P2PShareError } from '../../../src/protocol/errors.ts';

describe('messages', () => {
  it.each(ERROR_CODES)('say what %s means and what to do, in the tone of the terminal', (code) => {
    for (const role of ['sender', 'receiver'] as const) {
      const { text, hint } = messageFor(new P2PShareError(code, 'for logs'), role);
      for (const words of [text, hint]) {
        expect(words).toMatch(/^[a-z-]/);
        expect(words).not.toMatch(/\.$/);
        expect(words.length).toBeGreaterThan(5);
      }
    }
  });

  it.each([
    [
      'sender',
      'P2P_NAME_REFUSED',
      'rename it, have it renamed on the way with --encode-names, or leave it out with --exclude',
    ],
    [
      'receiver',
      'P2P_NAME_REFUSED',
      'choose a name yourself with --out FILE, accept a hidden one with --allow-hidden, or ask the sender to rename it',
    ],
    ['sender', 'P2P_DISK_FULL', 'send it again when the receiver has made room for it'],
    [
      'receiver',
      'P2P_DISK_FULL',
      'make room or choose another place with --out, and have it sent again',
    ],
    ['sender', 'P2P_CODE_EXPIRED', 'run p2pshare send again to get a new code'],
    ['receiver', 'P2P_CODE_EXPIRED', 'ask the sender for a new code'],
  ] as const)('tell the %s what it can do itself about %s', (role, code, hint) => {
    expect(messageFor(new P2PShareError(code, 'for logs'), role).hint).toBe(hint);
  });

  it.each([
    ['receiver', 'P2P_TARGET_EXISTS', /^what has come is kept .*--on-conflict .*resume 1234abcd/],
    ['sender', 'P2P_TARGET_EXISTS', /^the same code works .*resume 1234abcd/],
    ['receiver', 'P2P_DISK_FULL', /^the same code works .*resume 1234abcd/],
    ['sender', 'P2P_SOURCE_CHANGED', /^the same code works .*--skip-changed/],
    ['receiver', 'P2P_SOURCE_CHANGED', /^the same code works .*resume 1234abcd/],
  ] as const)('tell the %s how it goes on after %s', (role, code, hint) => {
    const error = new P2PShareError(code, 'for logs', { ticket: '1234abcd' });
    expect(messageFor(error, role).hint).toMatch(hint);
  });

  it('do not blame the way to a server whose name nobody knows', () => {
    const said = { syscall: 'getaddrinfo', code: 'ENOTFOUND', hostname: 'nowhere.invalid' };
    const cause = Object.assign(new Error('getaddrinfo ENOTFOUND nowhere.invalid'), said);
    const error = new P2PShareError('P2P_SERVER_UNREACHABLE', 'for logs', { cause });
    expect(messageFor(error).text).toBe('the address of the rendezvous server cannot be found');
    expect(messageFor(error).hint).not.toContain('UDP');
  });

  it('say what is wrong with a command line in its own words', () => {
    expect(messageFor(new UsageError('--out is empty', 'name a folder'))).toEqual({
      text: '--out is empty',
      hint: 'name a folder',
    });
  });

  it('do not show the inside of a bug', () => {
    expect(messageFor(new TypeError('x is undefined')).text).toBe(
      'something happened that p2pshare does not expect',
    );
  });
});

it('messages say how much room there is where it is not enough', () => {
  const space = { neededBytes: 5e9, freeBytes: 3.2e9 };
  const error = new P2PShareError('P2P_DISK_FULL', 'for logs', { space });
  const room = 'it takes 5.0 GB, and there is room for 3.2 GB';
  expect(messageFor(error).text).toBe(`there is not enough space at the destination: ${room}`);
});

describe('the page of errors', () => {
  it('is docs/errors.md, which vitest -u writes', async () => {
    await expect(errorsPage()).toMatchFileSnapshot('../../../docs/errors.md');
  });
});

/** Every code, with what people are told. */
function errorsPage(): string {
  const start = [
    '# Errors',
    'Every way in which a run can end badly, as people are told and as `--json` and the library name it. `p2pshare help P2P_TIMEOUT` shows one of them.',
  ];
  const sections = ERROR_CODES.flatMap((code) => [`## ${code}`, ...errorPage(code)]);
  return `${[...start, ...sections].join('\n\n')}\n`;
}

describe('exit codes', () => {
  it('are those of docs/cli.md', () => {
    const table = Object.fromEntries(
      ERROR_CODES.map((code) => [code, exitCodeOf(new P2PShareError(code, ''))]),
    );
    expect(table).toEqual({
      P2P_USAGE: 2,
      P2P_CODE_INVALID: 2,
      P2P_CODE_UNKNOWN: 3,
      P2P_CODE_USED: 3,
      P2P_CODE_EXPIRED: 3,
      P2P_CODE_MISMATCH: 4,
      P2P_CODE_BURNT: 4,
      P2P_NOT_VERIFIED: 4,
      P2P_DECLINED: 5,
      P2P_CANCELLED: 5,
      P2P_SERVER_UNREACHABLE: 6,
      P2P_PEER_UNREACHABLE: 6,
      P2P_TIMEOUT: 6,
      P2P_INTERRUPTED: 7,
      P2P_INTEGRITY: 8,
      P2P_SOURCE_CHANGED: 8,
      P2P_NAME_REFUSED: 9,
      P2P_TARGET_EXISTS: 9,
      P2P_SOURCE_MISSING: 10,
      P2P_SOURCE_UNREADABLE: 10,
      P2P_TARGET_UNWRITABLE: 10,
      P2P_DISK_FULL: 10,
      P2P_LOCAL_IO: 10,
      P2P_STATE_UNSAFE: 10,
      P2P_VERSION_MISMATCH: 11,
      P2P_SENDER_OUTDATED: 11,
      P2P_RECEIVER_OUTDATED: 11,
      P2P_SERVER_OUTDATED: 11,
      P2P_SERVER_BUSY: 12,
      P2P_PROTOCOL: 1,
    });
  });

  it('are 1 for a bug', () => {
    expect(exitCodeOf(new TypeError('x is undefined'))).toBe(1);
  });
});
