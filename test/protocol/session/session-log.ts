import type { SessionEvent } from '../../../src/protocol/session/session-event.ts';
import type { Simulation } from '../../support/simulator.ts';

type EventOf<Kind extends SessionEvent['kind']> = Extract<SessionEvent, { kind: Kind }>;

/** What a session has told, and when. */
export class SessionLog {
  readonly events: SessionEvent[] = [];
  readonly #sim: Simulation;
  readonly #times: number[] = [];

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  get finished(): boolean {
    return this.find('finished') !== undefined;
  }

  get failure(): string | undefined {
    return this.find('failed')?.code;
  }

  get ended(): boolean {
    return this.finished || this.failure !== undefined;
  }

  /** Whether the session has said its goodbyes. */
  get gone(): boolean {
    return this.find('gone') !== undefined;
  }

  /** The kinds of the paths that were used, in order. */
  get paths(): string[] {
    return this.all('path').map(({ path }) => path.kind);
  }

  find<Kind extends SessionEvent['kind']>(kind: Kind): EventOf<Kind> | undefined {
    return this.all(kind)[0];
  }

  all<Kind extends SessionEvent['kind']>(kind: Kind): EventOf<Kind>[] {
    return this.events.filter((event): event is EventOf<Kind> => event.kind === kind);
  }

  /** When the first event that `isMeant` came, in milliseconds since the start of the simulation. */
  timeOf(isMeant: SessionEvent['kind'] | ((event: SessionEvent) => boolean)): number {
    const test = typeof isMeant === 'string' ? ofKind(isMeant) : isMeant;
    const time = this.#times[this.events.findIndex(test)];
    if (time === undefined) throw new Error(`there was no ${isMeant}`);
    return time;
  }

  timeOfLast(kind: SessionEvent['kind']): number {
    const time = this.#times[this.events.findLastIndex(ofKind(kind))];
    if (time === undefined) throw new Error(`there was no ${kind}`);
    return time;
  }

  protected note(event: SessionEvent): void {
    this.events.push(event);
    this.#times.push(this.#sim.elapsed);
  }
}

function ofKind(kind: SessionEvent['kind']): (event: SessionEvent) => boolean {
  return (event) => event.kind === kind;
}
