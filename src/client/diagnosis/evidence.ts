import type { LocalAddress } from '../../io/network/network-interfaces.ts';
import type { MappingName } from '../../protocol/mapping/mapping-protocol.ts';
import type { NatFindings } from '../../protocol/nat/nat-findings.ts';
import { addressClass } from '../../protocol/path/address-class.ts';
import {
  FIREWALLED,
  PEERS,
  type PeerKind,
  predictPath,
} from '../../protocol/path/path-prediction.ts';
import { type Endpoint, formatEndpoint } from '../../protocol/wire/endpoint.ts';
import type {
  Diagnosis,
  EndpointDiagnosis,
  Expectation,
  Ipv6Support,
  NatDiagnosis,
  PairDiagnosis,
  StreamDiagnosis,
} from '../api/diagnosis.ts';
import { adviceFor } from './advice.ts';
import type { EndpointCheck } from './server-check.ts';

/** What a diagnosis is made from. */
export interface Evidence {
  readonly interfaces: readonly LocalAddress[];
  readonly servers: readonly {
    readonly server: string;
    readonly endpoints: readonly EndpointCheck[];
    readonly stream: StreamDiagnosis;
  }[];
  readonly findings: NatFindings | undefined;
  readonly portMapping: readonly MappingName[] | undefined;
  readonly pair: PairDiagnosis | undefined;
}

/** What the evidence means. */
export function diagnosisOf(evidence: Evidence): Diagnosis {
  const { interfaces, servers, findings, portMapping, pair } = evidence;
  const checks = servers.flatMap(({ endpoints }) => endpoints);
  const nat = natOf(findings, interfaces);
  const diagnosis = {
    interfaces: interfaces.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    ipv6: ipv6Of(interfaces, checks),
    servers: servers.map(({ server, endpoints, stream }) => ({
      server,
      endpoints: endpoints.map(endpointOf),
      stream,
    })),
    nat,
    portMapping: portMapping ?? null,
    pair: pair ?? null,
    expect: [...expectationsOf(nat, portMapping), ...overIpv6(interfaces, checks)],
  };
  return { ...diagnosis, advice: adviceFor(diagnosis) };
}

function endpointOf(check: EndpointCheck): EndpointDiagnosis {
  const { endpoint, observed } = check;
  return {
    endpoint: formatEndpoint(endpoint),
    udp: check.udp,
    tcp: check.tcp,
    observed: observed === undefined ? null : formatEndpoint(observed),
    rtt: check.rtt,
    mtu: check.mtu,
  };
}

function natOf(
  findings: NatFindings | undefined,
  interfaces: readonly LocalAddress[],
): NatDiagnosis | null {
  if (findings?.observed === undefined) return null;
  const { behavior, observed, publicAddresses, hairpin, serverAddresses } = findings;
  return {
    scope: scopeOf(observed),
    translated: !isOwn(observed, interfaces),
    publicAddresses,
    ...behavior,
    hairpin: hairpin ?? null,
    serverAddresses,
  };
}

function scopeOf({ address }: Endpoint): NatDiagnosis['scope'] {
  return addressClass(address) === 'public' ? 'internet' : 'private';
}

function ipv6Of(
  interfaces: readonly LocalAddress[],
  checks: readonly EndpointCheck[],
): Ipv6Support {
  const own = interfaces.filter(({ family }) => family === 'udp6');
  if (!own.some(({ address }) => addressClass(address) === 'public')) return 'none';
  const asked = checks.filter(({ endpoint }) => endpoint.address.includes(':'));
  if (asked.length === 0) return 'untested';
  return asked.some(({ udp }) => udp === 'answered') ? 'works' : 'silent';
}

/** Nothing is to be expected where the way to the internet is not known. */
function expectationsOf(
  nat: NatDiagnosis | null,
  portMapping: Evidence['portMapping'] = [],
): Expectation[] {
  if (nat === null || nat.scope === 'private' || nat.mapping === 'unknown') return [];
  const peers = Object.keys(PEERS) as PeerKind[];
  // At a mapped port everybody is let in, whatever the router does with other traffic.
  const ours = portMapping.length > 0 ? PEERS.open : nat;
  return peers.map((peer) => ({ peer, path: predictPath(ours, PEERS[peer]) }));
}

/** Where an own IPv6 address is the one that is seen, nothing but firewalls is in between. */
function overIpv6(
  interfaces: readonly LocalAddress[],
  checks: readonly EndpointCheck[],
): Expectation[] {
  const isSeenAsIs = checks.some(({ observed }) => {
    if (observed === undefined || scopeOf(observed) !== 'internet') return false;
    return observed.address.includes(':') && isOwn(observed, interfaces);
  });
  return isSeenAsIs ? [{ peer: 'ipv6', path: predictPath(FIREWALLED, FIREWALLED) }] : [];
}

function isOwn({ address }: Endpoint, interfaces: readonly LocalAddress[]): boolean {
  const isLoopback = addressClass(address) === 'loopback';
  return isLoopback || interfaces.some((own) => own.address === address);
}
