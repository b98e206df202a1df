import { type Millis, millis } from '../time.ts';
import { perSecond, type Rate } from './rate-limit.ts';

/** Everything a rendezvous server bounds. The defaults suit one machine of two cores. */
export interface ServerLimits {
  /** Live registrations; each takes at most 2 KiB, 7 where guests take turns. Above it: `busy`. */
  readonly registrations: number;
  /** Live registrations of one IPv4 /32 or IPv6 /64. */
  readonly registrationsPerHost: number;
  /** Live registrations of one IPv6 /48. */
  readonly registrationsPerSite: number;
  /** New registrations of one source; of those to be met again, so many more. */
  readonly registerRate: Rate;
  readonly reunionRate: Rate;
  /** New claims of one source; of nameplates at which many guests are expected, so many more. */
  readonly claimRate: Rate;
  readonly openClaimRate: Rate;
  /** Claims of nameplates that are not there, of one source; then `missPenalty` without claims. */
  readonly missRate: Rate;
  readonly missPenalty: Millis;
  /**
   * How long after a server's start hosts of before are still coming back: they show themselves every
   * 15 s. Until then a nameplate that is not there is to be asked for again, by so many questions of one
   * source: seven for each guest.
   */
  readonly returnTime: Millis;
  readonly earlyMissRate: Rate;
  /** Claims of one nameplate in its whole life: as many as the handshake allows attempts. */
  readonly claimsPerNameplate: number;
  /** Claims of a nameplate at which guests are expected one after the other: the oldest has to go. */
  readonly claimsPerOpenNameplate: number;
  /** Forwarded bodies of one side of one claim: a handshake takes a handful. */
  readonly postRate: Rate;
  /** How long a registration lives without a sign of its owner, before and after pairing. */
  readonly unclaimedLife: Millis;
  readonly pairedLife: Millis;
  /** The longest life of a registration that no relay is in use for. */
  readonly longestLife: Millis;
  /** How long, and for how many nameplates, none is given out again (magic-wormhole #31, #110). */
  readonly coolDown: Millis;
  readonly coolingNameplates: number;
  /**
   * Answers to OBSERVE from another socket than the one that was asked, of one source. A
   * classification takes ten; to a firewall each looks like the knock of a stranger.
   */
  readonly alternateRate: Rate;
  /**
   * CHALLENGE and `version` answers, the only ones to unproven addresses: per source and in all. A
   * classification asks from a dozen sockets at once, and two peers may share one address.
   */
  readonly challengeRate: Rate;
  readonly challengeRateTotal: Rate;
  /** Sources remembered by each rate limit. */
  readonly rateEntries: number;
  /** Answers that wait to be sent. */
  readonly queuedReplies: number;
}

export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  registrations: 20_000,
  registrationsPerHost: 20,
  registrationsPerSite: 200,
  registerRate: { perMinute: 10, burst: 20 },
  // A sender of several has one for each: a class comes at once. How many there are is limited as well.
  reunionRate: { perMinute: 60, burst: 60 },
  claimRate: { perMinute: 10, burst: 10 },
  // A class behind one address. Whose claim has to go for a newer one claims again, and has lost nothing.
  openClaimRate: { perMinute: 60, burst: 60 },
  missRate: { perMinute: 5, burst: 5 },
  missPenalty: millis(600_000),
  returnTime: millis(20_000),
  earlyMissRate: { perMinute: 60, burst: 60 },
  claimsPerNameplate: 3,
  claimsPerOpenNameplate: 16,
  postRate: { perMinute: 1200, burst: 64 },
  unclaimedLife: millis(3_600_000),
  pairedLife: millis(600_000),
  longestLife: millis(86_400_000),
  coolDown: millis(86_400_000),
  coolingNameplates: 200_000,
  alternateRate: { perMinute: 240, burst: 120 },
  challengeRate: perSecond(50),
  challengeRateTotal: perSecond(20_000),
  rateEntries: 50_000,
  queuedReplies: 1024,
};
