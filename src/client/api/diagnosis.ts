import type { MappingName } from '../../protocol/mapping/mapping-protocol.ts';
import type { Filtering, Mapping, PortAllocation } from '../../protocol/nat/nat-behavior.ts';
import type { PathPrediction, PeerKind } from '../../protocol/path/path-prediction.ts';

import type { PathEvent } from './events.ts';

export type { Filtering, Mapping, MappingName, PathPrediction, PeerKind, PortAllocation };

export interface DiagnoseOptions {
  /** Rendezvous servers as `HOST[:PORT]`; without one, this machine can say little of its NAT. */
  readonly servers?: readonly string[];
  /**
   * With it, the way to a peer that diagnoses as well is tried: `code` is what the peer was given;
   * without, `onCode` is told one, and the peer is waited for. Takes a server.
   */
  readonly peer?: PeerCode;
  /** Aborting it ends the diagnosis with `P2P_CANCELLED`. */
  readonly signal?: AbortSignal;
}

export type PeerCode =
  | { readonly code: string }
  | { readonly code?: never; readonly onCode: (code: string) => void };

/** What `diagnose` found out, in plain values. Whatever could not be found out is `null`. */
export interface Diagnosis {
  /** The addresses of this machine, as `address/prefix`; no loopback. */
  readonly interfaces: readonly string[];
  readonly ipv6: Ipv6Support;
  readonly servers: readonly ServerDiagnosis[];
  /** What the NATs on this side do, as the first server shows it that answers over IPv4. */
  readonly nat: NatDiagnosis | null;
  /** By which protocols the router lets peers in when it is asked to; `null` where it was not asked. */
  readonly portMapping: readonly MappingName[] | null;
  /** What becomes of transfers with peers of each kind. */
  readonly expect: readonly Expectation[];
  /** The way to the peer; `null` unless it was asked for. */
  readonly pair: PairDiagnosis | null;
  readonly advice: readonly Advice[];
}

/** What both sides of a pair are like, what was to be expected of that, and what came of it. */
export interface PairDiagnosis {
  readonly own: SideDiagnosis;
  readonly peer: SideDiagnosis;
  /** `tcp`: direct, by TCP, since UDP does not reach one of the two. */
  readonly expect: PathPrediction | 'tcp';
  /** The path that was in use at the end. */
  readonly path: PathEvent;
}

export interface SideDiagnosis {
  readonly mapping: Mapping;
  readonly filtering: Filtering;
  readonly allocation: PortAllocation;
  /** Whether its router lets everybody in, because it was asked to. */
  readonly portMapped: boolean;
}

/**
 * `none`: no address of the internet; `untested`: there is one, but no server with one to ask;
 * `silent`: no server answered over IPv6; `works`: one did.
 */
export type Ipv6Support = 'none' | 'untested' | 'silent' | 'works';

/** A server that was named, and what its name leads to: nothing where the name is not known. */
export interface ServerDiagnosis {
  readonly server: string;
  readonly endpoints: readonly EndpointDiagnosis[];
  /** The connection that is used where UDP does not get through. */
  readonly stream: StreamDiagnosis;
}

/** A WebSocket to a server. */
export interface StreamDiagnosis {
  readonly works: boolean;
  /** Whether it is inside TLS, with a certificate for the server's name. */
  readonly tls: boolean;
  /** Whether it goes through a proxy of the environment. */
  readonly proxied: boolean;
}

export interface EndpointDiagnosis {
  /** `host:port`, IPv6 hosts in brackets. */
  readonly endpoint: string;
  readonly udp: UdpAnswer;
  /** Whether anybody accepts connections there, too. */
  readonly tcp: TcpAnswer;
  /** Where the server saw this machine. */
  readonly observed: string | null;
  readonly rtt: RoundTripDiagnosis | null;
  /** The MTU of the way there is at least this. */
  readonly mtu: number | null;
}

/** `unreachable`: this machine has no way there at all. */
export type UdpAnswer = 'answered' | 'other-version' | 'unanswered' | 'unreachable';
export type TcpAnswer = 'accepted' | 'refused' | 'unanswered' | 'unreachable';

/** Milliseconds, of the `answered` among `asked` questions. */
export interface RoundTripDiagnosis {
  readonly asked: number;
  readonly answered: number;
  readonly minMs: number;
  readonly medianMs: number;
}

/** What the NATs on the way do, in the words of RFC 4787; several in a row act as one. */
export interface NatDiagnosis {
  /**
   * Where the server sees this machine: with a public address; or with a private one, so that it is
   * on this side of what may be between here and the internet, and shows nothing of that.
   */
  readonly scope: 'internet' | 'private';
  /** Whether this machine's address is changed on the way. Where it is not, filters may be all the same. */
  readonly translated: boolean;
  /** Several are a pool. */
  readonly publicAddresses: readonly string[];
  readonly mapping: Mapping;
  readonly filtering: Filtering;
  readonly allocation: PortAllocation;
  readonly hairpin: boolean | null;
  /** With one, what depends on the address alone looks like what depends on nothing. */
  readonly serverAddresses: number;
}

/** `ipv6`: any peer that has IPv6 as well. */
export interface Expectation {
  readonly peer: PeerKind | 'ipv6';
  readonly path: PathPrediction;
}

/** What would help. */
export type Advice =
  /** Name a server of the internet: only one shows what the NATs on the way there do. */
  | 'name-a-server'
  /** No server answers, and this machine has no address. */
  | 'go-online'
  /** No server answers; its name or address may be wrong. */
  | 'check-server'
  /** Servers are there, but UDP does not get through. */
  | 'allow-udp'
  /** The server speaks another version. */
  | 'update'
  /** Datagrams of 1,200 bytes do not get through, which every transfer begins with. */
  | 'raise-mtu'
  /** A router that lets peers in when it is asked to would do the same. */
  | 'port-mapping'
  /** With an endpoint-independent mapping, more peers would be reached directly. */
  | 'independent-mapping'
  /** With IPv6 on both sides, more peers would be reached directly. */
  | 'ipv6';
