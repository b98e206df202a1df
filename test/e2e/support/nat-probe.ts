import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.ts';
import { addresses, type HostName } from './lab-topology.ts';
import type { Place, ProbeReport } from './nat-behaviour.ts';

const SCRIPT = fileURLToPath(new URL('nat-probe.mjs', import.meta.url));
const PORTS = ['3478', '3479'] as const;

/** Finds out how the NATs of a lab behave, with a server of its own on `s`. It ends with the lab. */
export class NatProbe {
  readonly #lab: Lab;

  private constructor(lab: Lab) {
    this.#lab = lab;
  }

  static async start(lab: Lab): Promise<NatProbe> {
    const server = lab.run('s', process.execPath, [SCRIPT, 'server', ...addresses.s, ...PORTS]);
    if (server.stdout === null) throw new Error('unreachable: the server has no stdout');
    await once(server.stdout, 'data');
    return new NatProbe(lab);
  }

  /** All that can be told about the NATs between this host and the internet. */
  async report(host: HostName): Promise<ProbeReport> {
    return JSON.parse(await this.#run('client', host));
  }

  /** Where one new socket of this host is seen. */
  async place(host: HostName): Promise<Place> {
    return JSON.parse(await this.#run('port', host));
  }

  #run(role: 'client' | 'port', host: HostName): Promise<string> {
    return this.#lab.exec(host, process.execPath, [SCRIPT, role, ...addresses.s, ...PORTS]);
  }
}
