import { describe, expect, it } from 'vitest';
import {
  admitCandidate,
  type CandidateContext,
} from '../../../src/protocol/path/candidate-filter.ts';
import { FOREIGN_STREAM } from '../../../src/protocol/wire/endpoint.ts';
import { endpoint } from './support.ts';

const nothing: CandidateContext = {
  loopbackAllowed: false,
  lanAllowed: false,
  samePublicAddress: false,
  interfaces: [],
};
const everything: CandidateContext = {
  loopbackAllowed: true,
  lanAllowed: true,
  samePublicAddress: true,
  interfaces: [{ address: '192.168.1.5', prefixLength: 24 }],
};

const never = [
  { name: 'the unspecified address', texts: ['0.0.0.0:5000', '[::]:5000'] },
  { name: 'this network', texts: ['0.1.2.3:5000'] },
  { name: 'multicast', texts: ['224.0.0.1:5000', '239.255.255.250:5000', '[ff02::1]:5000'] },
  { name: 'broadcast', texts: ['255.255.255.255:5000', '192.168.1.255:5000'] },
  { name: 'reserved addresses', texts: ['240.0.0.1:5000', '192.0.0.192:5000', '[fec0::1]:5000'] },
  {
    name: 'cloud metadata',
    texts: ['169.254.169.254:5000', '169.254.170.2:5000', '100.100.100.200:5000'],
  },
  { name: 'cloud metadata elsewhere', texts: ['168.63.129.16:5000', '[fd00:ec2::254]:5000'] },
  {
    name: 'IPv4 inside IPv6',
    texts: ['[::7f00:1]:5000', '[64:ff9b::a00:1]:5000', '[2002:a00:1::]:5000'],
  },
  { name: 'Teredo', texts: ['[2001:0:1::1]:5000'] },
  {
    name: 'services',
    texts: ['192.0.2.1:53', '192.0.2.1:1023', '[2001:db8::1]:0', '127.0.0.1:22'],
  },
  {
    name: 'mapped forms of the above',
    texts: ['[::ffff:0.0.0.0]:5000', '[::ffff:169.254.169.254]:5000'],
  },
  {
    name: 'mapped forms in hexadecimal',
    texts: ['[::ffff:e000:1]:5000', '[::ffff:a9fe:a9fe]:5000'],
  },
];

const always = [
  {
    name: 'public IPv4',
    texts: ['198.51.100.7:5000', '8.8.8.8:1024', '100.63.255.255:5000', '172.32.0.1:65535'],
  },
  { name: 'public IPv6', texts: ['[2001:db8::1]:5000', '[2600::1]:5000', '[2001:1::1]:5000'] },
  { name: 'a mapped public address', texts: ['[::ffff:198.51.100.7]:5000'] },
];

const local = [
  {
    name: 'private IPv4',
    texts: ['10.1.2.3:5000', '172.16.0.1:5000', '172.31.255.1:5000', '192.168.7.7:5000'],
  },
  { name: 'shared address space', texts: ['100.64.0.1:5000', '100.127.255.1:5000'] },
  { name: 'link-local', texts: ['169.254.7.7:5000', '[fe80::1]:5000', '[febf::1]:5000'] },
  { name: 'unique local IPv6', texts: ['[fc00::1]:5000', '[fd12:3456::1]:5000'] },
  { name: 'mapped private IPv4', texts: ['[::ffff:10.1.2.3]:5000', '[::ffff:a01:203]:5000'] },
];

const loopback = ['127.0.0.1:5000', '127.9.9.9:5000', '[::1]:5000', '[::ffff:127.0.0.1]:5000'];

function admitted(texts: readonly string[], context: CandidateContext): string[] {
  return texts.filter((text) => admitCandidate(endpoint(text), context));
}

describe('candidate filter', () => {
  it.each(never)('never admits $name', ({ texts }) => {
    expect(admitted(texts, everything)).toEqual([]);
  });

  it.each(always)('always admits $name', ({ texts }) => {
    expect(admitted(texts, nothing)).toEqual(texts);
  });

  it.each(local)('admits $name only where the peer may be near', ({ texts }) => {
    expect(admitted(texts, nothing)).toEqual([]);
    expect(admitted(texts, { ...nothing, loopbackAllowed: true })).toEqual([]);
    expect(admitted(texts, { ...nothing, lanAllowed: true })).toEqual(texts);
    expect(admitted(texts, { ...nothing, samePublicAddress: true })).toEqual(texts);
  });

  it('never admits an endpoint of TCP, which may be that of a proxy', () => {
    const stream = { ...endpoint('198.51.100.7:5000'), base: FOREIGN_STREAM };
    expect(admitCandidate(stream, everything)).toBe(false);
  });

  it('admits loopback only where the rendezvous was reached over it', () => {
    expect(admitted(loopback, { ...everything, loopbackAllowed: false })).toEqual([]);
    expect(admitted(loopback, { ...nothing, loopbackAllowed: true })).toEqual(loopback);
  });

  it('admits local addresses in the prefix of an own interface, and no others', () => {
    const interfaces = [
      { address: '10.7.1.5', prefixLength: 22 },
      { address: 'fe80::5', prefixLength: 64 },
      { address: 'fd00:1::5', prefixLength: 64 },
    ];
    const inside = ['10.7.3.254:5000', '10.7.0.1:5000', '[fe80::9]:5000', '[fd00:1::9]:5000'];
    const outside = [
      '10.7.4.1:5000',
      '10.6.255.1:5000',
      '[fe80:0:0:1::9]:5000',
      '[fd00:2::9]:5000',
    ];
    expect(admitted([...inside, ...outside], { ...nothing, interfaces })).toEqual(inside);
  });

  it('knows the broadcast address of each own prefix, and that of 31 bits has none', () => {
    const context = (prefixLength: number) => ({
      ...nothing,
      interfaces: [{ address: '10.7.1.4', prefixLength }],
    });
    expect(admitted(['10.7.3.255:5000', '10.7.1.255:5000'], context(22))).toEqual([
      '10.7.1.255:5000',
    ]);
    expect(admitted(['10.7.1.5:5000'], context(31))).toEqual(['10.7.1.5:5000']);
  });
});
