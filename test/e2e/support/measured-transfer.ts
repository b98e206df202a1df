import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { TransferEvent } from '../../../src/client/api/events.ts';
import { expectSuccess } from './expectations.ts';
import type { Lab } from './lab.ts';
import type { HostName } from './lab-topology.ts';
import type { Program } from './program.ts';
import { sha256, writeSample } from './sample.ts';
import type { Stage } from './stage.ts';

type PathEvent = Extract<TransferEvent, { event: 'path' }>;

/** A file to be sent, which may be sent often. */
export interface Sample {
  readonly path: string;
  readonly bytes: number;
  readonly sum: string;
}

export interface TransferOptions {
  readonly from: HostName;
  readonly to: HostName;
  readonly sample: Sample;
  readonly flags: readonly string[];
}

/** How a transfer went. All times are of the side that was later. */
export interface Measurement {
  /** The path at the end. */
  readonly path: 'direct' | 'relay';
  /** The kinds of the paths that the sender used, in this order. */
  readonly via: readonly PathEvent['via'][];
  /** From knowing each other to the first path, and to the first direct one. */
  readonly firstMs: number;
  readonly directMs: number | undefined;
  readonly megabytesPerSecond: number;
  /** What both sides told, for people who look into a failure. */
  readonly timelines: string;
}

/** A transfer from one host of a lab to another, both of them running. */
export class MeasuredTransfer {
  readonly sender: Program;
  readonly receiver: Program;
  readonly #sample: Sample;
  readonly #out: string;

  private constructor(sender: Program, receiver: Program, sample: Sample, out: string) {
    this.sender = sender;
    this.receiver = receiver;
    this.#sample = sample;
    this.#out = out;
  }

  static async begin(
    stage: Stage,
    lab: Lab,
    { from, to, sample, flags }: TransferOptions,
  ): Promise<MeasuredTransfer> {
    const out = join(await stage.folder(), 'out');
    await mkdir(out);
    const sender = stage.send(sample.path, { on: { lab, host: from }, flags });
    const { code } = await sender.event('code');
    const receiver = stage.receive(code, { on: { lab, host: to }, out, flags });
    return new MeasuredTransfer(sender, receiver, sample, out);
  }

  /** The end of it: both sides have succeeded, and what has arrived is what was sent. */
  async finish(): Promise<Measurement> {
    await expectSuccess(this.sender, this.receiver);
    expect(await sha256(join(this.#out, 'sample.bin'))).toBe(this.#sample.sum);
    const measurement = this.#measure();
    tell(measurement);
    return measurement;
  }

  #measure(): Measurement {
    const { sender, receiver } = this;
    const [path, others] = [sender, receiver].map((program) => program.all('done')[0]?.path);
    // Both sides send by the path that the controlling one chose.
    expect(path).toBe(others);
    if (path === undefined) throw new Error('unreachable: done without a path');
    const ms = (receiver.msTo('file') ?? 0) - (receiver.msTo('progress') ?? 0);
    return {
      path,
      via: sender.all('path').map(({ via }) => via),
      firstMs: this.#later(() => true) ?? 0,
      directMs: this.#later(({ kind }) => kind === 'direct'),
      megabytesPerSecond: this.#sample.bytes / ms / 1000,
      timelines: `${sender.timeline}\n\n${receiver.timeline}`,
    };
  }

  /** Milliseconds to when both sides had such a path. */
  #later(matches: (path: PathEvent) => boolean): number | undefined {
    const times = [this.sender, this.receiver].map((program) => {
      const ms = program.msTo('path', (event) => event.event === 'path' && matches(event));
      return ms === undefined ? undefined : ms - (program.msTo('peer') ?? 0);
    });
    return times.reduce((a, b) =>
      a === undefined || b === undefined ? undefined : Math.max(a, b),
    );
  }
}

/** Writes something to send. It is gone with the stage. */
export async function makeSample(stage: Stage, bytes: number): Promise<Sample> {
  const path = join(await stage.folder(), 'sample.bin');
  return { path, bytes, sum: await writeSample(path, bytes) };
}

/** How fast it was is not asserted, but worth seeing; `P2PSHARE_E2E_VERBOSE=1` shows all events. */
function tell({ via, directMs, megabytesPerSecond, timelines }: Measurement): void {
  const rate = `${megabytesPerSecond.toFixed(1)} MB/s`;
  const direct = directMs === undefined ? 'never direct' : `direct after ${directMs.toFixed(0)} ms`;
  console.info(`${expect.getState().currentTestName}: ${rate}, ${direct}, ${via.join(', then ')}`);
  const { P2PSHARE_E2E_VERBOSE: verbose } = process.env;
  if (verbose === '1') console.info(timelines);
}
