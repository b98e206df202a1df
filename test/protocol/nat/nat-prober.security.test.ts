import { describe, expect, it } from 'vitest';
import type { Transmit } from '../../../src/protocol/machine.ts';
import { NatProber, type NatProberEvent } from '../../../src/protocol/nat/nat-prober.ts';
import { openMessage } from '../../../src/protocol/rendezvous/message.ts';
import {
  type Alternates,
  encodeChallenge,
  encodeObserved,
} from '../../../src/protocol/rendezvous/replies.ts';
import { decodeObserve, openRequest } from '../../../src/protocol/rendezvous/requests.ts';
import { type Instant, instant } from '../../../src/protocol/time.ts';
import { type Endpoint, UNSPECIFIED } from '../../../src/protocol/wire/endpoint.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const SERVER = { address: '203.0.113.1', port: 9420 };
const SEEN = { address: '198.51.100.10', port: 4001 };
const STRANGER = { address: '192.0.2.66', port: 9420 };
const NO_OTHERS: Alternates = { alternatePort: 0, alternateAddress: UNSPECIFIED };
const START: Instant = instant(1000);
const later = (ms: number): Instant => instant(START + ms);

/** A prober, and a server whose every word the test chooses. */
class Duel {
  readonly prober: NatProber = new NatProber(
    { server: SERVER, random: new SeededRandom(9), firstBase: 7 },
    START,
  );

  #lastByMain: Transmit | undefined;

  /** What was sent since this was last asked. */
  sent(): Transmit[] {
    const sent: Transmit[] = [];
    for (let out = this.prober.pollTransmit(); out; out = this.prober.pollTransmit()) {
      sent.push(out);
      if (out.remote.base === undefined) this.#lastByMain = out;
    }
    return sent;
  }

  /** Answers the last packet by the ordinary socket. */
  main(answer: (txid: Uint8Array) => Uint8Array, from: Endpoint = SERVER): void {
    this.sent();
    this.prober.handleBatch(answer(txidOf(this.#lastByMain)), from, later(20));
  }

  /** Lets so many fresh sockets be opened and challenged, each seen at a port of its own. */
  sample(count: number, address = SEEN.address): void {
    const opened = Array.from({ length: count }, (_, i) => ({ base: 7 + i, port: 40_000 + i }));
    this.prober.handleBasesOpened(opened, START);
    this.prober.handleTimeout(later(100));
    for (const { remote, payload } of this.sent()) {
      if (remote.base === undefined) continue;
      const seen = { address, port: 5000 + remote.base };
      const reply = encodeChallenge(txidOf({ payload }), token(remote.base), seen);
      this.prober.handleBatch(reply, remote, later(120));
    }
  }
}

const token = (fill: number) => new Uint8Array(16).fill(fill);

function txidOf(packet: Pick<Transmit, 'payload'> | undefined): Uint8Array {
  const txid = packet && openMessage(packet.payload)?.txid;
  if (txid === undefined) throw new Error('nothing was asked');
  return txid;
}

function observed(alternates: Alternates, seen = SEEN) {
  return (txid: Uint8Array) => encodeObserved(txid, seen, alternates);
}

describe('an answer', () => {
  it.each<[string, Endpoint]>([
    ['another address', STRANGER],
    ['another port', { ...SERVER, port: 9421 }],
    ['another base', { ...SERVER, base: 7 }],
  ])('from %s than was asked is none', (_, from) => {
    const duel = new Duel();
    duel.main(observed(NO_OTHERS), from);
    expect(duel.prober.findings.observed).toBeUndefined();
    duel.prober.handleTimeout(later(250));
    duel.main(observed(NO_OTHERS));
    expect(duel.prober.findings.observed).toEqual(SEEN);
  });

  it('that asks for a token counts only from the socket that was asked', () => {
    const duel = new Duel();
    const forged = (txid: Uint8Array) => encodeChallenge(txid, token(1), SEEN);
    duel.main(forged, STRANGER);
    expect(duel.prober.findings.observed).toBeUndefined();
    duel.main(forged);
    expect(duel.prober.findings.observed).toEqual(SEEN);
  });

  it('under a transaction id that was never used is not for the prober', () => {
    const { prober } = new Duel();
    const forged = encodeObserved(new Uint8Array(8), SEEN, NO_OTHERS);
    expect(prober.handlePacket(forged, SERVER, later(20))).toBe(false);
    expect(prober.findings.observed).toBeUndefined();
  });

  it('that only the asked socket can have sent does not show an open filter', () => {
    const duel = new Duel();
    duel.sample(1);
    duel.main(observed({ ...NO_OTHERS, alternatePort: 9421 }));
    const [question] = duel.sent().filter(({ remote }) => remote.base === 7);
    const txid = txidOf(question);
    const request = question && openRequest(question.payload);
    expect(request && decodeObserve(request.fields)).toEqual({ replyFrom: 'other-port' });
    const answer = observed(NO_OTHERS)(txid);
    duel.prober.handleBatch(answer, { ...SERVER, base: 7 }, later(150));
    duel.prober.handleBatch(answer, { ...STRANGER, base: 7 }, later(150));
    duel.prober.handleBatch(answer, { ...SERVER, port: 9421, base: 8 }, later(150));
    expect(duel.prober.behavior.filtering).toBe('unknown');
    duel.prober.handleBatch(answer, { ...SERVER, port: 9421, base: 7 }, later(150));
    expect(duel.prober.behavior.filtering).toBe('address-dependent');
  });
});

describe('a server that lies', () => {
  it.each(['10.0.0.1', '192.168.1.1', '127.0.0.1', '169.254.169.254', '224.0.0.1', '2001:db8::1'])(
    'cannot make us knock at %s',
    (address) => {
      const duel = new Duel();
      duel.main(observed({ ...NO_OTHERS, alternateAddress: { address, port: 80 } }));
      expect(duel.sent()).toEqual([]);
    },
  );

  it('cannot make us knock inside our network by telling that we are seen there', () => {
    const duel = new Duel();
    duel.sample(2, '10.0.0.1');
    duel.main(observed(NO_OTHERS, { address: '10.0.0.1', port: 53 }));
    expect(duel.sent()).toEqual([]);
    expect(duel.prober.findings.hairpin).toBeUndefined();
  });

  it('cannot make us ask for ever with ever new tokens', () => {
    const duel = new Duel();
    let rounds = 0;
    for (let fill = 1; fill < 50; fill += 1) {
      const [question] = duel.sent().filter(({ remote }) => remote.base === undefined);
      if (question === undefined) break;
      const reply = encodeChallenge(txidOf(question), token(fill), SEEN);
      duel.prober.handleBatch(reply, SERVER, later(20));
      rounds += 1;
    }
    expect(rounds).toBe(4);
  });

  it('sees no more packets than a survey may take, whatever it answers', () => {
    const duel = new Duel();
    duel.sample(10);
    duel.main(observed({ alternatePort: 9421, alternateAddress: { ...STRANGER } }));
    let sent = 0;
    for (let ms = 150; ms < 20_000; ms += 10) {
      duel.prober.handleTimeout(later(ms));
      sent += duel.sent().length;
    }
    expect(sent).toBe(36);
    expect(duel.prober.findings.serverAddresses).toBe(1);
    expect(duel.prober.pollTimeout()).toBeUndefined();
  });
});

describe('garbage', () => {
  it('is not for the prober and never throws', () => {
    const { prober } = new Duel();
    const random = new SeededRandom(5);
    for (let i = 0; i < 500; i += 1) {
      prober.handleBatch(random.bytes(random.integer(80)), SERVER, later(i));
    }
    expect(prober.findings.observed).toBeUndefined();
  });
});

function eventsOf(prober: NatProber): NatProberEvent[] {
  const events: NatProberEvent[] = [];
  for (let event = prober.pollEvent(); event; event = prober.pollEvent()) events.push(event);
  return events;
}

describe('a prober whose shell opens nothing, and does not say so', () => {
  it('tells what it knows after ten seconds', () => {
    const duel = new Duel();
    duel.main(observed(NO_OTHERS));
    duel.prober.handleTimeout(later(9999));
    expect(eventsOf(duel.prober).map(({ kind }) => kind)).toEqual(['open-bases']);
    expect(duel.prober.pollTimeout()).toBe(later(10_000));
    duel.prober.handleTimeout(later(10_000));
    const events = eventsOf(duel.prober);
    expect(events).toMatchObject([{ kind: 'classified', findings: { observed: SEEN } }]);
    expect(duel.prober.pollTimeout()).toBeUndefined();
  });
});

describe('a prober that was closed', () => {
  it('closes what is opened after that, and is silent', () => {
    const duel = new Duel();
    const { prober } = duel;
    prober.refresh();
    prober.close();
    prober.refresh();
    duel.sent();
    prober.handleBasesOpened([{ base: 7, port: 40_000 }], later(10));
    prober.handleBasesOpened([{ base: 17, port: 40_001 }], later(10));
    expect(eventsOf(prober).slice(2)).toEqual([
      { kind: 'close-bases', bases: [7] },
      { kind: 'close-bases', bases: [17] },
    ]);
    expect(duel.sent()).toEqual([]);
    expect(prober.pollTimeout()).toBeUndefined();
  });
});
