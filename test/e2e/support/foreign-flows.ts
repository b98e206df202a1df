import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.ts';
import { addresses, type HostName } from './lab-topology.ts';

const SCRIPT = fileURLToPath(new URL('foreign-flows.mjs', import.meta.url));
const PATIENCE_MS = 5_000;

interface Report {
  readonly flows: number;
  readonly stopped?: true;
}

/** Other traffic of a network: new UDP flows to `p`, which take ports of the NATs on their way. */
export class ForeignFlows {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when the first ones have been made. They end with the lab, if not before. */
  static async start(lab: Lab, host: HostName, perSecond: number): Promise<ForeignFlows> {
    const args = [SCRIPT, addresses.p, String(perSecond)];
    const flows = new ForeignFlows(
      lab.run(host, process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
    );
    await flows.reach(1);
    return flows;
  }

  /** Resolves when so many have been made. */
  async reach(count: number): Promise<void> {
    await this.#report(({ flows }) => flows >= count);
  }

  /** Makes no more; yields how many there have been. */
  async stop(): Promise<number> {
    const stopped = this.#report((report) => report.stopped === true);
    this.#child.send('stop');
    return (await stopped).flows;
  }

  async #report(matches: (report: Report) => boolean): Promise<Report> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const [report] = (await once(this.#child, 'message', { signal })) as [Report];
      if (matches(report)) return report;
    }
  }
}
