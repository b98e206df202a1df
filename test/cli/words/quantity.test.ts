import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../src/cli/settings/duration.ts';
import { parseRate } from '../../../src/cli/settings/rate.ts';
import {
  formatBytes,
  formatClock,
  formatCount,
  formatRate,
  formatSpan,
} from '../../../src/cli/words/quantity.ts';

describe('quantities', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [2_500_000_000, '2.5 GB'],
    [9_007_199_254_740_991, '9.0 PB'],
  ])('show %i bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, '0 files'],
    [1, '1 file'],
    [999, '999 files'],
    [1_000, '1,000 files'],
    [12_345_678, '12,345,678 files'],
  ])('show %i files as %s', (count, text) => {
    expect(formatCount(count, 'file')).toBe(text);
  });

  it('show a rate per second', () => {
    expect(formatRate(58_649_999.7)).toBe('58.6 MB/s');
  });

  it.each([
    [0, '0.0 s'],
    [59_949, '59.9 s'],
    [59_950, '1:00'],
    [3_599_500, '1:00:00'],
  ])('show a span of %i ms as %s', (ms, text) => {
    expect(formatSpan(ms)).toBe(text);
  });

  it.each([
    [400, '0:00'],
    [7_000, '0:07'],
    [125_000, '2:05'],
    [360_005_000, '100:00:05'],
  ])('show %i ms to come as %s', (ms, text) => {
    expect(formatClock(ms)).toBe(text);
  });
});

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['0.001s', 1],
    ['596h', 2_145_600_000],
  ])('reads %s as %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '90', 's', '-1s', '0s', '1d', '1 s', '1s ', '1e3s', '597h', '.5s', '9'.repeat(400)])(
    'refuses %j',
    (text) => {
      expect(() => parseDuration(text)).toThrow(/^not a duration: /);
    },
  );
});

describe('parseRate', () => {
  it.each([
    ['2MB/s', 2_000_000],
    ['500k', 500_000],
    ['500K', 500_000],
    ['1.5G', 1_500_000_000],
    ['20Mbit', 2_500_000],
    ['20Mbit/s', 2_500_000],
    ['8kbit/s', 1000],
    ['1000', 1000],
  ])('reads %s as %i bytes a second', (text, rate) => {
    expect(parseRate(text)).toBe(rate);
  });

  it.each(['', '0', '999', 'fast', '-1M', '1T', '2 MB', '2MiB', '2MB/m', '1e9', '9'.repeat(400)])(
    'refuses %j',
    (text) => {
      expect(() => parseRate(text)).toThrow(/^not a rate: /);
    },
  );
});
