import type { Random } from '../../ports.ts';
import type { Instant, Millis } from '../../time.ts';
import { Bbr } from './bbr.ts';
import type { CongestionController } from './congestion-controller.ts';
import { Cubic } from './cubic.ts';
import { Ledbat } from './ledbat.ts';

/** The congestion controllers that a sender can choose from, the usual one first. */
export const CONGESTION_NAMES = ['bbr', 'cubic', 'ledbat'] as const;
export type CongestionName = (typeof CONGESTION_NAMES)[number];

/** `packetBytes`: the least datagram; `rtt`: what is known of the path so far. */
export function createController(
  name: CongestionName,
  options: { readonly random: Random; readonly packetBytes: number; readonly rtt: Millis },
  now: Instant,
): CongestionController {
  switch (name) {
    case 'bbr':
      return new Bbr(options, now);
    case 'cubic':
      return new Cubic(options);
    case 'ledbat':
      return new Ledbat(options);
  }
}
