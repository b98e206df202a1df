import { BASE_DATAGRAM_BYTES } from '../../protocol/wire/packet.ts';
import type { Advice, Diagnosis, EndpointDiagnosis } from '../api/diagnosis.ts';

/** What would help, the most pressing first. */
export function adviceFor(diagnosis: Omit<Diagnosis, 'advice'>): Advice[] {
  const { servers, interfaces } = diagnosis;
  if (servers.length === 0) return ['name-a-server'];
  const endpoints = servers.flatMap((server) => server.endpoints);
  const answered = endpoints.filter(({ udp }) => udp === 'answered');
  if (answered.length > 0) {
    const aboutMtu: Advice[] = answered.some(isNarrow) ? ['raise-mtu'] : [];
    return [...aboutMtu, ...adviceForNat(diagnosis)];
  }
  if (endpoints.some(({ udp }) => udp === 'other-version')) return ['update'];
  if (endpoints.some(({ tcp }) => tcp === 'accepted')) return ['allow-udp'];
  return [interfaces.length === 0 ? 'go-online' : 'check-server'];
}

function adviceForNat({ nat, portMapping, expect, ipv6 }: Omit<Diagnosis, 'advice'>): Advice[] {
  if (nat?.scope === 'private') return ['name-a-server'];
  if (nat === null || !expect.some(({ path }) => path === 'relayed')) return [];
  const forRouter: Advice[] = [
    ...(portMapping === null ? [] : (['port-mapping'] as const)),
    'independent-mapping',
  ];
  return ipv6 === 'works' ? forRouter : [...forRouter, 'ipv6'];
}

function isNarrow({ endpoint, mtu }: EndpointDiagnosis): boolean {
  const headerBytes = endpoint.startsWith('[') ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES;
  return mtu !== null && mtu - headerBytes < BASE_DATAGRAM_BYTES;
}

/** Of IP and UDP together. */
const IPV4_HEADER_BYTES = 28;
const IPV6_HEADER_BYTES = 48;
