import { describe, expect, it } from 'vitest';
import type { MappingProtocol } from '../../../src/protocol/mapping/mapping-protocol.ts';
import { natPmp } from '../../../src/protocol/mapping/nat-pmp.ts';
import { pcp } from '../../../src/protocol/mapping/pcp.ts';

const PORT = 40_123;
const NONCE = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
const PMP = natPmp(PORT);
const PCP = pcp(PORT, '10.0.1.2', NONCE);

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (...parts: readonly string[]) => Uint8Array.from(Buffer.from(parts.join(''), 'hex'));

/** RFC 6886 §3.3: port 40123 is let in at 40500, for 300 s. */
const PMP_GRANT = bytes('00', '81', '0000', '00000007', '9cbb', '9e34', '0000012c');
/** RFC 6887 §11.1, the same, at 198.51.100.10. */
const PCP_GRANT = bytes(
  ...['02', '81', '00', '00', '0000012c', '00000007', '00'.repeat(12)],
  ...['0102030405060708090a0b0c', '11', '000000', '9cbb', '9e34'],
  `${'00'.repeat(10)}ffffc633640a`,
);

function changed(datagram: Uint8Array, offset: number, byte: number): Uint8Array {
  const copy = datagram.slice();
  copy[offset] = byte;
  return copy;
}

describe('NAT-PMP', () => {
  it('asks in twelve bytes', () => {
    const request = PMP.request({ lifetimeS: 300, port: PORT });
    expect(hex(request)).toBe('00010000' + '9cbb' + '9cbb' + '0000012c');
  });

  it('ends a mapping by asking for none', () => {
    expect(hex(PMP.request({ lifetimeS: 0, port: PORT }))).toBe('000100009cbb000000000000');
  });

  it('reads what is granted, and refusals however short', () => {
    expect(PMP.reply(PMP_GRANT)).toEqual({ port: 40_500, lifetime: 300_000 });
    expect(PMP.reply(changed(PMP_GRANT, 3, 2))).toBe('refused');
    expect(PMP.reply(bytes('00', '81', '0003', '00000007'))).toBe('refused');
  });

  it.each([
    ['another version', 0, 2],
    ['an answer to another question', 1, 0x82],
    ['a request', 1, 0x01],
    ['the port of somebody else', 9, 0],
  ])('makes nothing of %s', (_what, offset, byte) => {
    expect(PMP.reply(changed(PMP_GRANT, offset, byte))).toBeUndefined();
  });
});

describe('PCP', () => {
  it('asks in sixty bytes', () => {
    expect(hex(PCP.request({ lifetimeS: 300, port: PORT }))).toBe(
      `0201${'0000'}0000012c${'00'.repeat(10)}ffff0a000102` +
        `0102030405060708090a0b0c11${'000000'}9cbb9cbb${'00'.repeat(10)}ffff00000000`,
    );
  });

  it('reads what is granted or refused', () => {
    expect(PCP.reply(PCP_GRANT)).toEqual({ port: 40_500, lifetime: 300_000 });
    expect(PCP.reply(changed(PCP_GRANT, 3, 8))).toBe('refused');
  });

  it.each([
    ['another version', 0, 0],
    ['a request', 1, 0x01],
    ['another opcode', 1, 0x82],
    ['the nonce of somebody else', 24, 99],
    ['another protocol than UDP', 36, 6],
    ['the port of somebody else', 41, 0],
  ])('makes nothing of %s, be it a grant or a refusal', (_what, offset, byte) => {
    expect(PCP.reply(changed(PCP_GRANT, offset, byte))).toBeUndefined();
    expect(PCP.reply(changed(changed(PCP_GRANT, 3, 8), offset, byte))).toBeUndefined();
  });
});

describe.each<[string, MappingProtocol, Uint8Array]>([
  ['NAT-PMP', PMP, PMP_GRANT],
  ['PCP', PCP, PCP_GRANT],
])('an answer of %s', (_name, protocol, grant) => {
  it('is none when it is cut anywhere before what matters', () => {
    const needed = grant.length - (protocol === PCP ? 16 : 0);
    for (let length = 0; length < needed; length += 1) {
      expect(protocol.reply(grant.subarray(0, length))).toBeUndefined();
    }
  });

  it('may be longer than we know', () => {
    const longer = Uint8Array.from([...grant, 1, 2, 3]);
    expect(protocol.reply(longer)).toEqual(protocol.reply(grant));
  });
});
