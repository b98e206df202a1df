import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CipherSuite } from '../../../src/protocol/ports.ts';
import {
  DATA_HEADER_BYTES,
  HeaderAuthenticator,
  MAX_PACKET_NUMBER,
  readDataPacketNumber,
  readPacketNumber,
  readSlicePosition,
  writePacketNumber,
  writeSlicePosition,
} from '../../../src/protocol/transport/data-packet.ts';
import { PacketSealer } from '../../../src/protocol/transport/packet-sealer.ts';
import { PacketType, writePrefix } from '../../../src/protocol/wire/packet.ts';
import { crypto } from './record-end.ts';

const CONNECTION_ID = Buffer.from('c1c2c3c4c5c6c7c8', 'hex');
const HEADER_KEY = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const CONTROL_KEY = Buffer.from(
  '202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f',
  'hex',
);
// Record 7 has 62,880 bytes; the slice at 1,168 is its second. The packet number is 2^32 + 2.
const POSITION = { record: 7, recordLength: 62_880, offset: 1168 };
const PACKET_NUMBER = 4_294_967_298;
const SLICE = Buffer.from('deadbeef', 'hex');

// The hex below was made with OpenSSL alone, not with the code under test.
const DATA_PACKET = [
  'c1c2c3c4c5c6c7c8', // connection id
  '40', // type: data
  '0024', // length: 36
  '0490', // offset: 1,168
  'f5a0', // record length: 62,880
  '00000007', // record
  '0100000002', // packet number
  'e0349e3e61de8bc0', // AES-128 of bytes 8 to 23, first half
  'deadbeef',
].join('');

function dataPacket(): Uint8Array {
  const packet = new Uint8Array(DATA_HEADER_BYTES + SLICE.length);
  writePrefix(packet, 0, CONNECTION_ID, PacketType.data, packet.length);
  writeSlicePosition(packet, 0, POSITION, PACKET_NUMBER);
  packet.set(SLICE, DATA_HEADER_BYTES);
  new HeaderAuthenticator(crypto.blockCipher(HEADER_KEY)).sign(packet, 0, packet.length, 1);
  return packet;
}

function isAuthentic(packet: Uint8Array): boolean {
  const valid = new Uint8Array([7]);
  const authenticator = new HeaderAuthenticator(crypto.blockCipher(HEADER_KEY));
  authenticator.check(packet, new Uint32Array([0]), 1, valid);
  return valid[0] === 1;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('a data packet', () => {
  it('has exactly these bytes', () => {
    expect(hex(dataPacket())).toBe(DATA_PACKET);
  });

  it('is read back from these bytes, wherever it lies in a batch', () => {
    const batch = Buffer.from(`ffffff${DATA_PACKET}`, 'hex');
    const position = { record: 0, recordLength: 0, offset: 0 };
    readSlicePosition(batch, 3, position);
    expect(position).toEqual(POSITION);
    expect(readDataPacketNumber(batch, 3)).toBe(PACKET_NUMBER);
  });

  it('is authentic as it was signed, and with any bit of block or tag flipped it is not', () => {
    const packet = dataPacket();
    expect(isAuthentic(packet)).toBe(true);
    for (let bit = 8 * 8; bit < 8 * DATA_HEADER_BYTES; bit += 1) {
      packet[bit >> 3] = (packet[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isAuthentic(packet), `bit ${bit}`).toBe(false);
      packet[bit >> 3] = (packet[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    }
    expect(isAuthentic(packet)).toBe(true);
  });

  it('is judged by itself: a forged neighbour in the batch changes nothing', () => {
    const good = dataPacket();
    const bad = dataPacket();
    bad[20] = (bad[20] ?? 0) ^ 1;
    const batch = Buffer.concat([good, bad, good]);
    const valid = new Uint8Array(3);
    const authenticator = new HeaderAuthenticator(crypto.blockCipher(HEADER_KEY));
    authenticator.check(batch, new Uint32Array([0, 36, 72]), 3, valid);
    expect([...valid]).toEqual([1, 0, 1]);
  });
});

describe('a sealed data packet', () => {
  it.each([
    [CipherSuite.aes256Gcm, '11722a921e0bde218708e4199256de5e72137030'],
    [CipherSuite.chacha20Poly1305, 'fb28515a78ced1f1a53e0901d52317681ae4a7fe'],
  ])('has exactly these bytes with suite %i', (suite, sealed) => {
    const sealer = new PacketSealer(crypto, suite, CONTROL_KEY, CONNECTION_ID);
    const batch = new Uint8Array(60);
    expect(sealer.sealSlice(batch, 5, POSITION, PACKET_NUMBER, SLICE)).toBe(44);
    const expected = `c1c2c3c4c5c6c7c844002c0490f5a0000000070100000002${sealed}`;
    expect(hex(batch.subarray(5, 49))).toBe(expected);
    expect(sealer.openSlice(Buffer.from(expected, 'hex'))).toEqual(SLICE);
  });
});

describe('a control packet', () => {
  it.each([
    [CipherSuite.aes256Gcm, '55c16ddbe5ccede174a1a9777c342c2a23'],
    [CipherSuite.chacha20Poly1305, '441c91e5fed4b68e32b65f41504fb76185'],
  ])('has exactly these bytes with suite %i', (suite, sealed) => {
    const sealer = new PacketSealer(crypto, suite, CONTROL_KEY, CONNECTION_ID);
    const packet = sealer.sealControl(PACKET_NUMBER + 1, new Uint8Array([1]));
    expect(hex(packet)).toBe(`c1c2c3c4c5c6c7c84100210100000003${sealed}`);
    const opened = sealer.openControl(packet);
    expect(opened).toEqual({ packetNumber: 4_294_967_299, frames: Buffer.from([1]) });
  });

  it('is not opened with any bit flipped, nor cut short anywhere', () => {
    const sealer = new PacketSealer(crypto, CipherSuite.aes256Gcm, CONTROL_KEY, CONNECTION_ID);
    const packet = sealer.sealControl(9, new Uint8Array([1]));
    for (let bit = 0; bit < 8 * packet.length; bit += 1) {
      const forged = packet.slice();
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(sealer.openControl(forged), `bit ${bit}`).toBeUndefined();
    }
    for (let length = 0; length < packet.length; length += 1) {
      expect(sealer.openControl(packet.subarray(0, length))).toBeUndefined();
      expect(sealer.openSlice(packet.subarray(0, length))).toBeUndefined();
    }
  });
});

describe('a packet number', () => {
  it.each([
    [0, '0000000000'],
    [2 ** 31, '0080000000'],
    [2 ** 32 - 1, '00ffffffff'],
    [2 ** 32, '0100000000'],
    [2 ** 32 + 1, '0100000001'],
    [MAX_PACKET_NUMBER, 'ffffffffff'],
  ])('%i is written as %s', (packetNumber, expected) => {
    const bytes = new Uint8Array(5);
    writePacketNumber(bytes, 0, packetNumber);
    expect(hex(bytes)).toBe(expected);
    expect(readPacketNumber(bytes, 0)).toBe(packetNumber);
  });

  it('survives the wire, as all fields of the block do', () => {
    const uint16 = fc.integer({ min: 0, max: 2 ** 16 - 1 });
    const position = fc.record({
      record: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      recordLength: uint16,
      offset: uint16,
    });
    const packetNumber = fc.integer({ min: 0, max: MAX_PACKET_NUMBER });
    fc.assert(
      fc.property(position, packetNumber, (written, number) => {
        const packet = new Uint8Array(24);
        writeSlicePosition(packet, 0, written, number);
        const read = { record: 0, recordLength: 0, offset: 0 };
        readSlicePosition(packet, 0, read);
        expect(read).toEqual(written);
        expect(readDataPacketNumber(packet, 0)).toBe(number);
      }),
    );
  });
});
