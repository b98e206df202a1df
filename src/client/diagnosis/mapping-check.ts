import { setTimeout as delay } from 'node:timers/promises';
import { localCandidateAddresses } from '../../io/network/network-interfaces.ts';
import { openUdpSocket } from '../../io/network/udp-socket.ts';
import { PortMapper } from '../../io/router/port-mapper.ts';
import type { MappingName } from '../../protocol/mapping/mapping-protocol.ts';

/** Routers that know any of the protocols answer within a tenth of it. */
const PATIENCE_MS = 1500;

/** By which protocols our router maps a port; what it has mapped is ended. Never takes 3 s. */
export async function checkPortMapping(end: AbortSignal): Promise<readonly MappingName[]> {
  const socket = await openUdpSocket({ family: 'udp4' });
  const interfaces = localCandidateAddresses();
  const { port } = socket.address;
  const mapper = new PortMapper({ interfaces, port, onPort: () => undefined });
  try {
    await delay(PATIENCE_MS, undefined, { signal: end }).catch(() => undefined);
    return mapper.granted;
  } finally {
    await mapper.close();
    await socket.close();
  }
}
