import { localCandidateAddresses, loopbackAddresses } from './network-interfaces.ts';

/**
 * The IPv4 addresses whose interfaces LAN discovery uses: those chosen, or those in
 * `P2PSHARE_LAN_INTERFACES` (separated by commas), or all, loopback included.
 */
export function lanInterfaces(chosen?: readonly string[]): readonly string[] {
  if (chosen) return chosen;
  const { P2PSHARE_LAN_INTERFACES: listed } = process.env;
  if (listed) return listed.split(',').map((address) => address.trim());
  return [...loopbackAddresses(), ...localCandidateAddresses()]
    .filter(({ family }) => family === 'udp4')
    .map(({ address }) => address);
}
