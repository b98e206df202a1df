import { describe, expect, it } from 'vitest';
import { classifyFiltering, classifyMapping } from '../../../src/protocol/nat/classify-mapping.ts';

const P = { address: '198.51.100.10', port: 4001 };
const Q = { address: '198.51.100.10', port: 4007 };
const POOLED = { address: '198.51.100.11', port: 4001 };

describe('a mapping', () => {
  it.each([
    [P, P, P, 'endpoint-independent'],
    [P, P, Q, 'address-dependent'],
    [P, Q, P, 'address-and-port-dependent'],
    [P, Q, undefined, 'address-and-port-dependent'],
    [P, P, POOLED, 'address-dependent'],
    [P, P, undefined, 'endpoint-independent'],
    [P, undefined, P, 'endpoint-independent'],
    [P, undefined, Q, 'address-dependent'],
    [P, undefined, undefined, 'unknown'],
    [undefined, undefined, undefined, 'unknown'],
  ] as const)('seen as %o, %o and %o is %s', (first, otherPort, otherAddress, mapping) => {
    expect(classifyMapping({ first, otherPort, otherAddress })).toBe(mapping);
  });
});

describe('filtering', () => {
  it.each([
    ['admitted', 'admitted', 'endpoint-independent'],
    ['refused', 'admitted', 'endpoint-independent'],
    ['admitted', 'refused', 'address-dependent'],
    ['admitted', 'open', 'address-dependent'],
    ['admitted', 'not-asked', 'address-dependent'],
    ['refused', 'refused', 'address-and-port-dependent'],
    ['refused', 'not-asked', 'address-and-port-dependent'],
    ['refused', 'open', 'unknown'],
    ['open', 'refused', 'unknown'],
    ['not-asked', 'not-asked', 'unknown'],
  ] as const)('with another port %s and another address %s is %s', (port, address, filtering) => {
    expect(classifyFiltering(port, address)).toBe(filtering);
  });
});
