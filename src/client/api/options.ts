import type { SymlinkPolicy } from '../../io/source/source-scan.ts';
import type { CongestionName } from '../../protocol/transport/congestion/controllers.ts';

/** What `send` and `receive` have in common. */
export interface CommonOptions {
  /**
   * Rendezvous servers as `HOST[:PORT]`, at most four, used side by side; one that the peer names
   * as well is enough. `wss://HOST[:PORT]` means TLS where UDP does not get through. None: the
   * sender brings its own rendezvous, and the receiver looks for it on this machine and on the
   * local network.
   */
  readonly servers?: readonly string[];
  /** Whether the local network is tried as well; true by default. */
  readonly lan?: boolean;
  /** Whether UDP is used; true by default. Without it everything goes by TCP through a server. */
  readonly udp?: boolean;
  /**
   * Whether the router is asked (by PCP, NAT-PMP and UPnP) to let the peer in for as long as the
   * transfer takes; true by default.
   */
  readonly portMapping?: boolean;
  /**
   * Whether a search for a direct path between two strict NATs may take up to 20,000 small packets
   * from each side, if both sides say so; false by default.
   */
  readonly thoroughSearch?: boolean;
  /** Which paths may carry the file; `any` by default. */
  readonly route?: RoutePolicy;
  /**
   * How many bytes a second may travel at most, more than 0; no limit when absent. Of the limits of
   * both sides the lower one counts; that of a sender of several is for all of them together.
   */
  readonly limit?: number;
  /**
   * How long to wait for the peer, in milliseconds: 60,000 for `receive`, no limit for `send`. `Infinity`
   * is no limit either.
   */
  readonly timeoutMs?: number;
  /**
   * A folder of the user's own (0700; made when it is not there) in which is kept what a transfer
   * needs to go on after its process has died. Without one it ends with its process.
   */
  readonly stateFolder?: string;
  /**
   * Asked before anything is offered or taken, if two people are to compare words that nobody between
   * them can have made the same on both sides; `signal` is aborted when the answer does not matter any
   * more. Anything but `true` ends the transfer with `P2P_NOT_VERIFIED`. Not asked again by a transfer
   * that goes on, and not to be had by a sender of several.
   */
  readonly verify?: Verify;
  /** Aborting it tells the peer, tidies up and ends the transfer with `P2P_CANCELLED`. */
  readonly signal?: AbortSignal;
}

export type Verify = (words: readonly string[], signal: AbortSignal) => Promise<boolean>;

export type RoutePolicy = 'any' | 'direct' | 'relay';

export interface SendOptions extends CommonOptions {
  /** Paths of what to send, at least one unless there is an `input` or a `text`: files and folders. */
  readonly paths: readonly string[];
  /** A stream to send instead, to its end; it can be sent once, and not gone on with. */
  readonly input?: { readonly stream: NodeJS.ReadableStream; readonly name: string };
  /** A text to send instead, of at most 64 KiB in UTF-8: it is shown at the other end. */
  readonly text?: string;
  /** What becomes of symbolic links inside of folders; `keep` by default, if they stay inside. */
  readonly symlinks?: SymlinkPolicy;
  /** Patterns in the form of a `.gitignore`: what they match inside of folders is left out. */
  readonly exclude?: readonly string[];
  /** Whether the `.gitignore` of each folder counts; false by default. */
  readonly gitignore?: boolean;
  /**
   * Whether a file in a folder that cannot be read, or changes or goes before it is sent, is left out;
   * false by default: then it ends the transfer.
   */
  readonly skipChanged?: boolean;
  /**
   * Whether what would wait for the network anyway is compressed, where that makes it smaller; true by
   * default.
   */
  readonly compress?: boolean;
  /**
   * Whether a name that not every system takes, such as `12:30`, is sent as `12%3A30`; false by default:
   * then it is refused.
   */
  readonly encodeNames?: boolean;
  /**
   * How the rate is found; `bbr` by default. `cubic` is what most TCP does; `ledbat` takes only what
   * others leave, and yields to whatever else is on the way.
   */
  readonly congestion?: CongestionName;
  /**
   * How many are to have it; 1 by default. The code is good until they do, or, where their number is
   * `unlimited`, until the transfer is aborted or nobody has come for `timeoutMs`. At most twelve are
   * served at once: others wait.
   */
  readonly receivers?: number | 'unlimited';
}

export interface ReceiveOptions extends CommonOptions {
  /** The code as the sender was given it. */
  readonly code: string;
  /**
   * A folder to write into, or the name to write to; the working directory by default. A stream gets
   * the bytes as they come, each chunk checked, and is not ended; only when the transfer succeeds
   * was that all of them. Nobody reading it any more is `P2P_CANCELLED`.
   */
  readonly out?: string | NodeJS.WritableStream;
  /** Whether the sender may choose a hidden name such as `.bashrc` in `out`; false by default. */
  readonly allowHidden?: boolean;
  /** Whether all permission bits are taken over, not just whether a file is executable; false by default. */
  readonly preserve?: boolean;
  /**
   * Whether files that are there are compared block by block, so that only what has changed travels;
   * false by default. Those of the same size, time and content are never sent again.
   */
  readonly delta?: boolean;
  /** What to do when the destination exists; `fail` by default. `ask` leaves it to `decide`. */
  readonly onConflict?: ConflictPolicy | 'ask';
  /**
   * Asked once, before any byte of the file travels; everything is accepted by default. `signal` is
   * aborted when there is nothing left to decide, because the sender has gone or the transfer was
   * cancelled: the answer is not waited for then.
   */
  readonly decide?: (offer: Offer, signal: AbortSignal) => Promise<Decision>;
}

export type { SymlinkPolicy } from '../../io/source/source-scan.ts';
export {
  CONGESTION_NAMES,
  type CongestionName,
} from '../../protocol/transport/congestion/controllers.ts';

export const SYMLINK_POLICIES: readonly SymlinkPolicy[] = ['keep', 'follow', 'skip'];

export const CONFLICT_POLICIES = ['fail', 'skip', 'rename', 'overwrite'] as const;
export type ConflictPolicy = (typeof CONFLICT_POLICIES)[number];

/** What a receiver decides on. `name` is the peer's choice and raw; `destination` is a local path, or `-` for a stream. */
export interface Offer {
  readonly name: string;
  readonly entries: number;
  /** `null` for a stream, of which nobody knows how long it is. */
  readonly bytes: number | null;
  /** Where it would be written if nothing stands in the way. */
  readonly destination: string;
  /** Whether something already exists at `destination`. */
  readonly exists: boolean;
}

/** `onConflict` answers `ReceiveOptions.onConflict: 'ask'`; without it that means `fail`. */
export type Decision =
  | { readonly accept: false }
  | { readonly accept: true; readonly onConflict?: ConflictPolicy };

/** These may take half of the registrations that a server has: the rest is for other addresses. */
export const MAX_PER_ADDRESS = 5000;

export interface ServeOptions {
  /**
   * Where to listen, as `ADDRESS:PORT`; `[::]:9420` by default, port 0 for any free one. With two
   * addresses of a family the server can tell its clients more about their NATs.
   */
  readonly listen?: string | readonly string[];
  /**
   * With it, TLS is spoken to clients over TCP that want it, beside plain HTTP on the same port. A renewed
   * one is taken up within a minute.
   */
  readonly tls?: CertificateFiles;
  /** Whether the server also relays for peers that find no direct path; true by default. */
  readonly relay?: boolean;
  /**
   * How many transfers one address (IPv4 /32, IPv6 /64) may have at once and begin in a minute, from 1
   * to `MAX_PER_ADDRESS`, 5,000. By default 20 may wait there, 10 may begin in a minute, and 4 be relayed.
   */
  readonly perAddress?: number;
  /**
   * Where monitors are answered over HTTP, as `ADDRESS:PORT`: `/metrics` in Prometheus' text format, and
   * `/healthz`. Nowhere by default. They learn numbers, and no address.
   */
  readonly monitor?: string;
  /** Aborting it closes the server. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ServerEvent) => void;
}

/** Paths of PEM files: a certificate with those that vouch for it, and its private key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** What a server tells while it runs. */
export type ServerEvent =
  | {
      readonly event: 'ready';
      readonly endpoints: readonly string[];
      readonly monitor?: string;
    }
  /** The files of the certificate hold another one, which is in use now, or none, and the old one stays. */
  | { readonly event: 'certificate'; readonly state: 'renewed' | 'unreadable' }
  | { readonly event: 'closed' };

export interface RunningServer {
  /** Where it listens, as `host:port` with the real port. */
  readonly endpoints: readonly string[];
  /** The same of monitors, if they are answered. */
  readonly monitor: string | undefined;
  /** Counters by name. */
  stats(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}
