import { type Instant, instant, type Millis } from '../../time.ts';

/** What one ACK told, filled in anew for each. Bytes are slice bytes, without headers. */
export interface AckSample {
  now: Instant;
  /** Bytes newly acknowledged and newly declared lost by this ACK. */
  acked: number;
  lost: number;
  /** Bytes in flight after the ACK, and before it. */
  inFlight: number;
  priorInFlight: number;
  /** Bytes delivered in all, and when the newest acknowledged packet was sent. */
  delivered: number;
  priorDelivered: number;
  /** Delivery rate in bytes per millisecond; 0 when the ACK gives no valid sample. */
  rate: number;
  /** Whether the sender had too little to send while the sample was taken. */
  appLimited: boolean;
  /** Round-trip time of the newest packet, or `undefined` if the ACK gave none. */
  rtt: Millis | undefined;
}

/** The policy of how much may be in flight and how fast it leaves. */
export interface CongestionController {
  /** Most bytes in flight. */
  readonly window: number;
  /** Bytes per millisecond. */
  readonly pacingRate: number;
  onAck(sample: AckSample): void;
  /** Nothing at all has come back for several probe timeouts (RFC 9002 §7.6). */
  onPersistentCongestion(now: Instant): void;
  /** The packets go another way now: what was learnt of the old one does not hold (RFC 9000 §9.4). */
  onPathChange(rtt: Millis, now: Instant): void;
}

/** A sample to be filled in. */
export function emptySample(): AckSample {
  return {
    now: instant(0),
    acked: 0,
    lost: 0,
    inFlight: 0,
    priorInFlight: 0,
    delivered: 0,
    priorDelivered: 0,
    rate: 0,
    appLimited: false,
    rtt: undefined,
  };
}
