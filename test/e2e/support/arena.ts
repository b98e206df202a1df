import { Lab } from './lab.ts';
import { addresses, type ClientName } from './lab-topology.ts';
import {
  MeasuredTransfer,
  type Measurement,
  makeSample,
  type Sample,
} from './measured-transfer.ts';
import { RelayMeter } from './relay-meter.ts';
import { Stage } from './stage.ts';

const SAMPLE_BYTES = 8 * 2 ** 20;
/** A server takes ten claims of one address at once, then one in 6 s. */
const CROSSINGS_PER_SERVER = 8;
/** The only one that gets through everywhere; the server is alone in its namespace. */
const PORT = 443;

export interface Crossed extends Measurement {
  /** What arrived at the server to be relayed. */
  readonly relayedBytes: number;
}

/** A lab with a server, for one transfer after the other. */
export class Arena {
  readonly lab: Lab;
  readonly #meter: RelayMeter;
  readonly #folder: Stage;
  readonly #sample: Sample;
  readonly #servers = new Stage();
  #server: { readonly endpoint: string; crossings: number } | undefined;

  private constructor(lab: Lab, folder: Stage, sample: Sample) {
    this.lab = lab;
    this.#meter = new RelayMeter(lab);
    this.#folder = folder;
    this.#sample = sample;
  }

  static async create(): Promise<Arena> {
    const folder = new Stage();
    const sample = await makeSample(folder, SAMPLE_BYTES);
    return new Arena(await Lab.create(), folder, sample);
  }

  /** Sends a file. */
  async cross(
    from: ClientName,
    to: ClientName,
    options: { readonly relayKBps?: number | undefined; readonly flags?: readonly string[] } = {},
  ): Promise<Crossed> {
    await this.#meter.reset(options.relayKBps);
    const flags = [...(await this.#flags()), ...(options.flags ?? [])];
    return await staged(async (stage) => {
      const sample = this.#sample;
      const transfer = await MeasuredTransfer.begin(stage, this.lab, { from, to, sample, flags });
      const measurement = await transfer.finish();
      return { ...measurement, relayedBytes: await this.#meter.bytes() };
    });
  }

  async close(): Promise<void> {
    await this.#servers.clear();
    await this.#folder.clear();
    await this.lab.down();
  }

  /** The flags that name a server with room for one more transfer. */
  async #flags(): Promise<string[]> {
    if (this.#server === undefined || this.#server.crossings === CROSSINGS_PER_SERVER) {
      await this.#servers.clear();
      const listen = addresses.s.map((address) => `${address}:${PORT}`);
      const { endpoint } = await this.#servers.server({ on: { lab: this.lab, host: 's' }, listen });
      this.#server = { endpoint, crossings: 0 };
    }
    this.#server.crossings += 1;
    return ['--server', this.#server.endpoint];
  }
}

/** Programs and folders of one transfer end with it. */
async function staged<T>(use: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = new Stage();
  try {
    return await use(stage);
  } finally {
    await stage.clear();
  }
}
