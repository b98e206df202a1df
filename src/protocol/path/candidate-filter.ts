import { type Endpoint, isStream } from '../wire/endpoint.ts';
import { addressClass, isBroadcastOf, isInPrefix, type Prefix } from './address-class.ts';

/** What we know about where we and the peer are. */
export interface CandidateContext {
  /** The rendezvous was reached over loopback: the peer may be on this machine. */
  readonly loopbackAllowed: boolean;
  /** The rendezvous was reached at a private address, or the user said so. */
  readonly lanAllowed: boolean;
  /** The server sees both peers at one public address: they may be behind one NAT. */
  readonly samePublicAddress: boolean;
  readonly interfaces: readonly Prefix[];
}

/**
 * Whether an address that the peer named may be probed at all. The peer holds the keys but is not
 * trusted with what we send to whom (request forgery, RFC 9000 §21.5): no services, nothing on
 * this machine, nothing inside our network unless there is a reason to expect the peer there. And
 * nothing by UDP to what is an endpoint of TCP, which may be that of a proxy.
 */
export function admitCandidate(endpoint: Endpoint, context: CandidateContext): boolean {
  const { address, port } = endpoint;
  if (port < FIRST_UNPRIVILEGED_PORT || isStream(endpoint)) return false;
  if (context.interfaces.some((prefix) => isBroadcastOf(address, prefix))) return false;
  switch (addressClass(address)) {
    case 'public':
      return true;
    case 'local':
      return isLocalExpected(address, context);
    case 'loopback':
      return context.loopbackAllowed;
    case 'unusable':
      return false;
  }
}

function isLocalExpected(address: string, context: CandidateContext): boolean {
  if (context.lanAllowed || context.samePublicAddress) return true;
  return context.interfaces.some((prefix) => isInPrefix(address, prefix));
}

// Below it are the services that trust or answer unasked: DNS, NTP, SNMP.
const FIRST_UNPRIVILEGED_PORT = 1024;
