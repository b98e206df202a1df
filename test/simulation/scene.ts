import { expect } from 'vitest';
import type { Code } from '../../src/protocol/handshake/code.ts';
import type { RendezvousServerOptions } from '../../src/protocol/rendezvous/rendezvous-server.ts';
import { type Millis, millis } from '../../src/protocol/time.ts';
import {
  type ReceiverOptions,
  type SenderOptions,
  SimulatedReceiver,
  SimulatedSender,
  testFile,
} from '../protocol/session/simulated-peers.ts';
import { type SimulatedServer, startServer } from '../protocol/session/simulated-server.ts';
import type { Host } from '../support/host.ts';
import type { LinePair } from '../support/link-options.ts';
import { NAT, type NatOptions } from '../support/nat.ts';
import type { Internet, PrivateNetwork } from '../support/network.ts';
import { bothWays } from '../support/scenarios.ts';
import { Simulation } from '../support/simulator.ts';

/** Long enough that nothing which goes on can be taken for a stall, in virtual time. */
const PATIENCE: Millis = millis(300_000);

/** A slow line: a file of 1 MB takes four seconds, so that something can happen to it. */
export const SLOW_LINE: LinePair = bothWays({ rate: 2_000_000, delay: millis(10) });

export const SERVER_ADDRESS = '203.0.113.1';
const HOME_ADDRESS = '198.51.100.10';
const OFFICE_ADDRESS = '192.0.2.10';

export interface SceneOptions {
  readonly bytes?: number;
  readonly line?: LinePair;
  readonly homeNat?: NatOptions;
  readonly officeNat?: NatOptions;
  readonly limits?: RendezvousServerOptions['limits'];
}

/** A sender at home and a receiver in an office, each behind a NAT, and a server on the internet. */
export class Scene {
  readonly sim: Simulation;
  readonly internet: Internet;
  readonly serverHost: Host;
  readonly server: SimulatedServer;
  readonly home: PrivateNetwork;
  readonly office: PrivateNetwork;
  readonly homeHost: Host;
  readonly officeHost: Host;
  readonly file: Uint8Array;

  constructor(seed: number, options: SceneOptions = {}) {
    const { bytes = 100_000, line = SLOW_LINE, limits } = options;
    const { homeNat = NAT.portRestricted, officeNat = NAT.portRestricted } = options;
    this.sim = new Simulation({ seed });
    this.internet = this.sim.internet();
    this.serverHost = this.internet.host(SERVER_ADDRESS);
    this.server = startServer(this.sim, this.serverHost, 'server', limits && { limits });
    this.home = this.internet.nat(HOME_ADDRESS, homeNat, line);
    this.office = this.internet.nat(OFFICE_ADDRESS, officeNat, line);
    this.homeHost = this.home.host('10.0.1.2');
    this.officeHost = this.office.host('10.0.2.2');
    this.file = testFile(this.sim, bytes);
  }

  /** Starts a sender and waits for its code. */
  send(options: Partial<SenderOptions> = {}, host: Host = this.homeHost): WaitingSender {
    const server = this.server.endpoint;
    const sender = new SimulatedSender(this.sim, host, this.file, { server, ...options });
    this.runUntil(() => sender.code !== undefined || sender.ended);
    const { code } = sender;
    if (code === undefined) throw new Error(`no code: ${sender.failure}`);
    return { sender, code };
  }

  receive(
    code: Code,
    options: Partial<ReceiverOptions> = {},
    host: Host = this.officeHost,
  ): SimulatedReceiver {
    const server = this.server.endpoint;
    return new SimulatedReceiver(this.sim, host, code, { server, ...options });
  }

  /** Starts both. */
  meet(sending: Partial<SenderOptions> = {}, receiving: Partial<ReceiverOptions> = {}): Meeting {
    const { sender, code } = this.send(sending);
    return { sender, receiver: this.receive(code, receiving) };
  }

  /** Lets time pass until `until` is true; that it never is fails the test. */
  runUntil(until: () => boolean, within: Millis = PATIENCE): void {
    expect(this.sim.run({ until, within }), 'it happened in time').toBe(true);
  }

  runFor(span: number): void {
    this.sim.run({ within: millis(span) });
  }

  /** Lets both come to their ends, which must be good, and compares the files. */
  expectTransfer({ sender, receiver }: Meeting): void {
    this.runUntil(() => sender.ended && receiver.ended);
    expect([sender.failure, receiver.failure]).toEqual([undefined, undefined]);
    this.expectEqualFile(receiver);
  }

  expectEqualFile({ file }: SimulatedReceiver): void {
    expect(Buffer.compare(file, this.file)).toBe(0);
  }
}

export interface Meeting {
  readonly sender: SimulatedSender;
  readonly receiver: SimulatedReceiver;
}

interface WaitingSender {
  readonly sender: SimulatedSender;
  readonly code: Code;
}
