import { expect, it } from 'vitest';
import { OutstandingProbes } from '../../../src/protocol/path/outstanding-probes.ts';
import { at } from './support.ts';

const nonce = { counter: 3, salt: 77 };

function sent(sentAt: number): OutstandingProbes {
  const probes = new OutstandingProbes();
  probes.add({ nonce, nominate: true, sentAt: at(sentAt) });
  return probes;
}

it('measures the round trip of an answer, and takes it once', () => {
  const probes = sent(100);
  expect(probes.answer({ ...nonce }, at(142.5))).toEqual({ rtt: 42.5, nominate: true });
  expect(probes.answer(nonce, at(143))).toBeUndefined();
});

it('takes no answer with another counter or salt', () => {
  const probes = sent(100);
  expect(probes.answer({ ...nonce, counter: 4 }, at(101))).toBeUndefined();
  expect(probes.answer({ ...nonce, salt: 78 }, at(101))).toBeUndefined();
});

it('takes an answer for ten seconds', () => {
  expect(sent(100).answer(nonce, at(10_100))).toBeDefined();
  expect(sent(100).answer(nonce, at(10_101))).toBeUndefined();
});

it('remembers the last 32 requests', () => {
  const probes = sent(0);
  for (let counter = 10; counter < 42; counter += 1) {
    probes.add({ nonce: { counter, salt: 0 }, nominate: false, sentAt: at(1) });
  }
  expect(probes.answer(nonce, at(2))).toBeUndefined();
  expect(probes.answer({ counter: 10, salt: 0 }, at(2))).toBeDefined();
});
