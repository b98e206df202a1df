import type {
  Advice,
  Diagnosis,
  EndpointDiagnosis,
  Expectation,
  Ipv6Support,
  MappingName,
  NatDiagnosis,
  PairDiagnosis,
  StreamDiagnosis,
} from '../../client/api/diagnosis.ts';

/** The only place for the words of a diagnosis. */
export const ADVICE: Readonly<Record<Advice, string>> = {
  'name-a-server':
    'name a server of the internet with --server: only from there can be seen what is in between',
  'go-online': 'connect this machine to a network: it has no address in any',
  'check-server': 'check the name of the server, and that it runs: nothing there answers by UDP',
  'allow-udp':
    'allow UDP to the port of the server, and answers from it: connections by TCP get there',
  update: 'bring p2pshare up to date, here and on the server: they speak different versions',
  'raise-mtu': 'look for a tunnel with a small MTU: a transfer takes datagrams of 1200 bytes',
  'port-mapping':
    'if the router is yours, turn on UPnP, NAT-PMP or PCP there: it then lets peers in when it is asked',
  'independent-mapping':
    'if the router is yours, have it map ports independently of the destination ("full cone"); ' +
    'otherwise try another network',
  ipv6: 'use IPv6, if both sides can have it: it has no NAT',
};

export const IPV6: Readonly<Record<Ipv6Support, string>> = {
  none: 'no address of the internet',
  untested: 'has an address of the internet; no server with one was asked',
  silent: 'has an address of the internet, but no server answers there',
  works: 'works',
};

export const PEERS: Readonly<Record<Expectation['peer'], string>> = {
  open: 'with a public address',
  home: 'behind an ordinary router',
  sequential: 'behind a strict NAT, ports in turn',
  block: 'behind a strict NAT, few ports',
  random: 'behind a strict NAT, any port',
  ipv6: 'with IPv6 as well',
};

export const PATHS: Readonly<Record<PairDiagnosis['expect'], string>> = {
  tcp: 'direct within 5 s, by TCP, since UDP does not get through',
  direct: 'direct',
  predicted: 'direct within 2 s, by predicting a port',
  searched: 'direct within 5 s, by searching for a port',
  relayed: 'relayed',
};

export const DEPENDENCES: Readonly<Record<NatDiagnosis['mapping'], string>> = {
  unknown: 'unknown',
  'endpoint-independent': 'endpoint-independent',
  'address-dependent': 'address-dependent',
  'address-and-port-dependent': 'address- and port-dependent',
};

/** What is to be expected, in one sentence; `undefined` where nothing is. */
export function outlook({ expect }: Pick<Diagnosis, 'expect'>): string | undefined {
  const paths = expect.filter(({ peer }) => peer !== 'ipv6').map(({ path }) => path);
  if (paths.length === 0) return undefined;
  if (paths.includes('relayed'))
    return 'direct connections to most peers, through a relay to the rest';
  if (paths.every((path) => path === 'direct')) return 'direct connections to all peers, at once';
  return 'direct connections to nearly all peers, to some after a search';
}

/** What a NAT is called by people. */
export function nickname({
  translated,
  mapping,
  filtering,
  serverAddresses,
}: NatDiagnosis): string {
  const doubt = serverAddresses === 1 ? ', as far as one address of a server shows' : '';
  if (mapping === 'unknown') return 'unknown';
  const isStrict = filtering === 'address-and-port-dependent';
  if (!translated) return isStrict ? 'none, but a firewall' : `none${doubt}`;
  if (mapping !== 'endpoint-independent') return 'symmetric';
  return `${CONES[filtering]}${doubt}`;
}

/** RFC 3489 §5. */
const CONES: Readonly<Record<NatDiagnosis['filtering'], string>> = {
  unknown: 'cone',
  'endpoint-independent': 'full cone',
  'address-dependent': 'restricted cone',
  'address-and-port-dependent': 'port-restricted cone',
};

/** How public ports are chosen. */
export function ports({ allocation }: Pick<NatDiagnosis, 'allocation'>): string {
  switch (allocation.kind) {
    case 'preserving':
      return 'as on this machine';
    case 'sequential':
      return allocation.step === 1 ? 'in turn' : `in turn, in steps of ${allocation.step}`;
    case 'block':
      return `within ${allocation.low} to ${allocation.high}`;
    case 'random':
      return 'any';
    case 'unknown':
      return 'unknown';
  }
}

/** By what the router can be asked to let peers in. */
export function mappings(names: readonly MappingName[]): string {
  return names.length === 0 ? 'no' : names.map((name) => MAPPINGS[name]).join(', ');
}

const MAPPINGS: Readonly<Record<MappingName, string>> = {
  pcp: 'PCP',
  'nat-pmp': 'NAT-PMP',
  upnp: 'UPnP',
};

/** The path that came of it. */
export function found({ kind, via, rttMs }: PairDiagnosis['path']): string {
  return `${kind === 'direct' ? 'direct' : 'relayed'} (${via}), ${rttMs.toFixed(1)} ms`;
}

/** How an endpoint of a server is reached. */
export function reached(endpoint: EndpointDiagnosis): string {
  return `${overUdp(endpoint)}; ${TCP[endpoint.tcp]}`;
}

/** How the connection to a server is that stands in for UDP. */
export function connected({ works, tls, proxied }: StreamDiagnosis): string {
  const how = `${tls ? ' inside TLS' : ''}${proxied ? ' through the proxy' : ''}`;
  return works ? `works${how}` : `does not come about${how}`;
}

function overUdp({ udp, rtt, mtu }: EndpointDiagnosis): string {
  if (udp !== 'answered') return UDP[udp];
  const parts = [UDP.answered];
  if (rtt !== null) {
    parts.push(`${rtt.medianMs.toFixed(1)} ms`);
    const lost = rtt.asked - rtt.answered;
    if (lost > 0) parts.push(`${lost} of ${rtt.asked} lost`);
  }
  if (mtu !== null) parts.push(`MTU ${mtu}${mtu >= HIGHEST_MTU ? ' or more' : ''}`);
  return parts.join(', ');
}

/** Nothing larger is tried: it is the MTU of nearly every link that has no smaller one. */
const HIGHEST_MTU = 1500;

const UDP: Readonly<Record<EndpointDiagnosis['udp'], string>> = {
  answered: 'answers',
  'other-version': 'speaks another version',
  unanswered: 'no answer by UDP',
  unreachable: 'no way there by UDP',
};

const TCP: Readonly<Record<EndpointDiagnosis['tcp'], string>> = {
  accepted: 'TCP accepted',
  refused: 'TCP refused',
  unanswered: 'no answer by TCP',
  unreachable: 'no way there by TCP',
};
