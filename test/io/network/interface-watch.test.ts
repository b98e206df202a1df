import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InterfaceWatch } from '../../../src/io/network/interface-watch.ts';
import type { LocalAddress } from '../../../src/io/network/network-interfaces.ts';

const WIFI: LocalAddress = { address: '192.168.1.7', prefixLength: 24, family: 'udp4' };
const CABLE: LocalAddress = { address: '192.168.2.7', prefixLength: 24, family: 'udp4' };

let present: LocalAddress[];
let told: (readonly LocalAddress[])[];
let watch: InterfaceWatch;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  [present, told] = [[WIFI], []];
  watch = new InterfaceWatch({ addresses: () => present, onChange: (now) => told.push(now) });
});

afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

function becomes(...addresses: LocalAddress[]): void {
  present = addresses;
  vi.advanceTimersByTime(2000);
}

describe('InterfaceWatch', () => {
  it('tells when an address comes and when one goes, with what is there now', () => {
    becomes(WIFI, CABLE);
    becomes(CABLE);
    becomes();
    expect(told).toEqual([[WIFI, CABLE], [CABLE], []]);
  });

  it('tells nothing when all is as before, in whatever order', () => {
    becomes(WIFI, CABLE);
    becomes(CABLE, WIFI);
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(1);
  });

  it('looks at once when it is asked to', () => {
    present = [CABLE];
    watch.look();
    watch.look();
    expect(told).toEqual([[CABLE]]);
  });

  it('is still when it is closed', () => {
    watch.close();
    becomes(CABLE);
    expect(told).toEqual([]);
  });
});
