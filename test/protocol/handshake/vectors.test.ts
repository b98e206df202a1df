import { describe, expect, it } from 'vitest';
import { cpaceGenerator } from '../../../src/crypto/cpace.ts';
import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import {
  deriveHandshakeKeys,
  deriveSessionKeys,
  firstTranscriptHash,
  secondTranscriptHash,
} from '../../../src/protocol/handshake/key-schedule.ts';
import { pakeInput } from '../../../src/protocol/handshake/pake-input.ts';
import { ReceiverHandshake } from '../../../src/protocol/handshake/receiver-handshake.ts';
import { SenderHandshake } from '../../../src/protocol/handshake/sender-handshake.ts';
import type { CipherSuite, Random } from '../../../src/protocol/ports.ts';
import type { DirectionKeys, SessionKeys } from '../../../src/protocol/session-keys.ts';
import file from '../../vectors/handshake-v1.json' with { type: 'json' };
import { established, hex, receiverEvents, senderEvents, start } from './fixture.ts';
import { handshakeValues } from './second-implementation.ts';

// The file was written once and is frozen: a change of it is a new version of the protocol.
describe.each(file.vectors)('handshake-v1.json: $name', ({ inputs, values }) => {
  it('is what a second implementation of the document computes', () => {
    expect(handshakeValues(inputs)).toEqual(values);
  });

  it('is what the two machines say and agree on', () => {
    const { sender, receiver, claimId } = machines(inputs);
    expect(hex(sender.hello)).toBe(values.H);
    expect(hex(receiver.message)).toBe(values.A);
    const b = sender.handleMessage(claimId, receiver.message, start);
    expect(hex(b)).toBe(values.B);
    receiver.handleMessage(b as Uint8Array, start);
    expect(hex(receiver.message)).toBe(values.C);
    const d = sender.handleMessage(claimId, receiver.message, start);
    expect(hex(d)).toBe(values.D);
    receiver.handleMessage(d as Uint8Array, start);
    const atSender = established(senderEvents(sender));
    const atReceiver = established(receiverEvents(receiver));
    expect(hex(atSender?.box)).toBe(inputs.receiverBox);
    expect(hex(atReceiver?.box)).toBe(inputs.senderBox);
    expectSession(atSender?.keys, values, inputs.suite, true);
    expectSession(atReceiver?.keys, values, inputs.suite, false);
  });

  it('is what every step of the key schedule yields', () => {
    const code = { nameplate: inputs.nameplate, words: inputs.words };
    const crypto = createCrypto();
    const pake = pakeInput(code, bytes(inputs.receiverNonce), bytes(inputs.senderNonce));
    expect([pake.prs, pake.ci, pake.sid].map(hex)).toEqual([values.PRS, values.CI, values.sid]);
    expect(hex(cpaceGenerator(pake))).toBe(values.g);
    const [h, a, b] = [values.H, values.A, values.B].map(bytes) as Uint8Array[];
    const th0 = firstTranscriptHash(crypto, { h, a, b } as Parameters<
      typeof firstTranscriptHash
    >[1]);
    expect(hex(th0)).toBe(values.th0);
    const isk = bytes(values.ISK);
    const { confirm, box } = deriveHandshakeKeys(crypto, { isk, th0 });
    expect(hex(confirm.receiver)).toBe(values.kcR);
    expect(hex(confirm.sender)).toBe(values.kcS);
    expect(hex(box.receiver)).toBe(values.kbR);
    expect(hex(box.sender)).toBe(values.kbS);
    const th1 = secondTranscriptHash(crypto, { th0, c: bytes(values.C), d: bytes(values.D) });
    expect(hex(th1)).toBe(values.th1);
    const suite = inputs.suite as CipherSuite;
    const keys = deriveSessionKeys(crypto, { isk, th0, th1, suite, side: 'sender' });
    expectSession(keys, values, suite, true);
  });
});

type Vector = (typeof file.vectors)[number];

function machines(inputs: Vector['inputs']) {
  const claimId = bytes(inputs.claimId);
  const code = { nameplate: inputs.nameplate, words: inputs.words };
  const sender = new SenderHandshake({
    crypto: createCrypto(fixed(inputs.senderScalar)),
    random: fixed(inputs.senderNonce),
    suites: inputs.senderSuites as CipherSuite[],
    box: () => bytes(inputs.senderBox),
  });
  sender.arm(code);
  const receiver = new ReceiverHandshake({
    crypto: createCrypto(fixed(inputs.receiverScalar)),
    random: fixed(inputs.receiverNonce),
    suites: inputs.receiverSuites as CipherSuite[],
    code,
    hello: sender.hello,
    claimId,
    box: () => bytes(inputs.receiverBox),
  });
  return { sender, receiver, claimId };
}

function expectSession(
  keys: SessionKeys | undefined,
  values: Vector['values'],
  suite: number,
  isSender: boolean,
): void {
  const { cidSR, recordSR, controlSR, headerSR, probeSR, signalSR } = values;
  const { cidRS, recordRS, controlRS, headerRS, probeRS, signalRS } = values;
  const fromSender = [cidSR, recordSR, controlSR, headerSR, probeSR, signalSR];
  const fromReceiver = [cidRS, recordRS, controlRS, headerRS, probeRS, signalRS];
  expect(keys?.suite).toBe(suite);
  expect(texts(keys?.send)).toEqual(isSender ? fromSender : fromReceiver);
  expect(texts(keys?.receive)).toEqual(isSender ? fromReceiver : fromSender);
  expect(hex(keys?.relayToken)).toBe(values.relayToken);
  expect(hex(keys?.verifier)).toBe(values.verifier);
  expect(hex(keys?.resumeSecret)).toBe(values.resumeSecret);
}

function texts(keys: DirectionKeys | undefined): string[] {
  if (keys === undefined) return [];
  const { connectionId, record, control, header, probe, signal } = keys;
  return [connectionId, record, control, header, probe, signal].map(hex);
}

function fixed(value: string): Random {
  return { bytes: () => bytes(value), integer: () => 0 };
}

function bytes(value: string): Uint8Array {
  return Uint8Array.from(Buffer.from(value, 'hex'));
}
