import { setMaxListeners } from 'node:events';
import { OWN_INTERFACES } from '../io/network/interface-list.ts';
import { localCandidateAddresses } from '../io/network/network-interfaces.ts';
import { parseServerAddress, type ServerAddress } from '../io/network/resolve-server.ts';
import { P2PShareError } from '../protocol/errors.ts';
import type { MappingName } from '../protocol/mapping/mapping-protocol.ts';
import type { NatFindings } from '../protocol/nat/nat-findings.ts';
import { addressClass } from '../protocol/path/address-class.ts';
import type { Endpoint } from '../protocol/wire/endpoint.ts';
import type { DiagnoseOptions, Diagnosis } from './api/diagnosis.ts';
import { diagnosisOf, type Evidence } from './diagnosis/evidence.ts';
import { checkPortMapping } from './diagnosis/mapping-check.ts';
import { surveyNat } from './diagnosis/nat-survey.ts';
import { checkPair } from './diagnosis/pair-check.ts';
import { checkServer } from './diagnosis/server-check.ts';
import { checkStream } from './diagnosis/stream-check.ts';

/** What is not known by then stays unknown. Over a satellite it takes eight. */
const TOTAL_MS = 10_000;

/**
 * Finds out how this machine is connected, and what that means for transfers. Rejects with
 * `P2P_USAGE` when a server's name is none; that no server answers is a finding like any other. With
 * a peer, it also rejects with what keeps the two from meeting.
 */
export async function diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const { servers = [], signal } = options;
  const named = servers.map((server) => ({ server, address: parseServerAddress(server) }));
  const end = new AbortController();
  // Two for each endpoint, of which there may be more than Node takes for a leak.
  setMaxListeners(0, end.signal);
  const stop = () => end.abort();
  signal?.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, TOTAL_MS);
  try {
    signal?.throwIfAborted();
    const evidence = await gather(named, end.signal);
    signal?.throwIfAborted();
    // After it: what the one asks the server and the router must not disturb the other.
    const { peer } = options;
    const pair = peer === undefined ? undefined : await checkPair({ ...options, peer });
    return diagnosisOf({ ...evidence, pair });
  } catch (cause) {
    if (signal?.aborted) throw new P2PShareError('P2P_CANCELLED', 'aborted', { cause });
    throw cause;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

async function gather(
  named: readonly { readonly server: string; readonly address: ServerAddress }[],
  end: AbortSignal,
): Promise<Omit<Evidence, 'pair'>> {
  await OWN_INTERFACES.known();
  let survey: Promise<NatFindings | undefined> | undefined;
  let mapping: Promise<readonly MappingName[] | undefined> | undefined;
  const onAnswer = (endpoint: Endpoint): void => {
    // IPv6 has no ports to guess. Without a socket to ask from, the NAT stays unknown.
    if (endpoint.address.includes(':')) return;
    survey ??= surveyNat(endpoint, end).catch(() => undefined);
    // The router is asked for the sake of what is beyond it, and of nothing nearer.
    if (addressClass(endpoint.address) !== 'public') return;
    mapping ??= checkPortMapping(end).catch(() => undefined);
  };
  const servers = await Promise.all(
    named.map(async ({ server, address }) => {
      const [endpoints, stream] = await Promise.all([
        checkServer(address, { end, onAnswer }),
        checkStream(address, end),
      ]);
      return { server, endpoints, stream };
    }),
  );
  const interfaces = localCandidateAddresses();
  return { interfaces, servers, findings: await survey, portMapping: await mapping };
}
