import { describe, expect, it } from 'vitest';
import { openMessage } from '../../../src/protocol/rendezvous/message.ts';
import { encodeChallenge } from '../../../src/protocol/rendezvous/replies.ts';
import {
  type StreamOffer,
  StreamPunch,
  type StreamPunchEvent,
} from '../../../src/protocol/session/stream-punch.ts';
import { type Instant, instant } from '../../../src/protocol/time.ts';
import { type Endpoint, FOREIGN_STREAM } from '../../../src/protocol/wire/endpoint.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const SERVER: Endpoint = { address: '203.0.113.1', port: 9420 };
const PEER: Endpoint = { address: '198.51.100.10', port: 40_002 };
const START = instant(1000);

type Connect = Extract<StreamPunchEvent, { kind: 'connect' }>;

/** One side, with a clock that goes to whatever is due, and a server that sees it at `port`. */
class Side {
  readonly punch = new StreamPunch(new SeededRandom(7));
  readonly events: StreamPunchEvent[] = [];
  now: Instant = START;
  port = 40_001;

  want(): this {
    this.punch.want(SERVER, this.now);
    return this.drain();
  }

  offer(offer: StreamOffer): this {
    this.punch.handleOffer(offer, { ...PEER, port: offer.port }, this.now);
    return this.drain();
  }

  tell(base: number, isOpen: boolean): this {
    this.punch.handleStream(base, isOpen, this.now);
    return this.drain();
  }

  /** Opens the last anchor, and lets the server say where it sees it. */
  anchored(observed: Endpoint = { ...PEER, port: this.port, base: FOREIGN_STREAM }): this {
    const { base } = this.last('anchor');
    this.tell(base, true);
    const question = this.punch.pollTransmit();
    if (question === undefined) throw new Error('nothing was asked');
    expect(question.remote).toEqual({ ...SERVER, base });
    const txid = openMessage(question.payload)?.txid as Uint8Array;
    const answer = encodeChallenge(txid, new Uint8Array(16), observed);
    expect(this.punch.handleRun(answer, { ...SERVER, base }, this.now)).toBe(true);
    return this.drain();
  }

  /** Goes to the next deadline. */
  sleep(): this {
    const next = this.punch.pollTimeout();
    if (next === undefined) throw new Error('nothing is due');
    this.now = next;
    this.punch.handleTimeout(this.now);
    return this.drain();
  }

  last<K extends StreamPunchEvent['kind']>(kind: K): Extract<StreamPunchEvent, { kind: K }> {
    const event = this.events.findLast((one) => one.kind === kind);
    if (event === undefined) throw new Error(`no ${kind}`);
    return event as Extract<StreamPunchEvent, { kind: K }>;
  }

  count(kind: StreamPunchEvent['kind']): number {
    return this.events.filter((one) => one.kind === kind).length;
  }

  private drain(): this {
    for (let event = this.punch.pollEvent(); event; event = this.punch.pollEvent()) {
      this.events.push(event);
    }
    return this;
  }
}

function connecting(): { side: Side; connect: Connect } {
  const side = new Side().want().anchored().offer({ round: 1, port: PEER.port });
  return { side, connect: side.last('connect') };
}

describe('a TCP punch', () => {
  it('does nothing as long as nobody wants it', () => {
    const side = new Side().offer({ round: 1, port: PEER.port });
    expect(side.events).toEqual([]);
    expect(side.punch.pollTimeout()).toBeUndefined();
  });

  it('offers the port at which the server sees its anchor', () => {
    const side = new Side().want().anchored();
    expect(side.last('offer').offer).toEqual({ round: 1, port: side.port });
    expect(side.count('connect')).toBe(0);
  });

  it.each(['first', 'last'])(
    'connects as soon as both offers are there, ours being the %s',
    (at) => {
      const side = new Side().want();
      if (at === 'first') side.anchored().offer({ round: 1, port: PEER.port });
      else side.offer({ round: 1, port: PEER.port }).anchored();
      const { anchor } = side.last('connect');
      expect(side.last('connect').to).toEqual(PEER);
      expect(anchor).toBe(side.last('anchor').base);
    },
  );

  it('tells of the connection under its own base, and needs the anchor no more', () => {
    const { side, connect } = connecting();
    side.tell(connect.base, true);
    expect(side.last('opened').endpoint).toEqual({ ...PEER, base: connect.base });
    expect(side.last('close-bases').bases).toEqual([connect.anchor]);
    expect(side.punch.pollTimeout()).toBeUndefined();
  });
});

describe('the rounds of a TCP punch', () => {
  it('come later each time, and are four', () => {
    const side = new Side().want();
    const rests: number[] = [];
    for (let round = 1; round < 4; round += 1) {
      side.tell(side.last('anchor').base, false);
      const before = side.now;
      side.sleep();
      rests.push(side.now - before);
    }
    expect(rests).toEqual([15_000, 60_000, 240_000]);
    side.tell(side.last('anchor').base, false);
    expect(side.punch.pollTimeout()).toBeUndefined();
    expect(new Set(side.events.map((one) => (one.kind === 'anchor' ? one.base : 0))).size).toBe(5);
  });

  it('end when the peer offers nothing', () => {
    const side = new Side().want().anchored();
    const { base } = side.last('anchor');
    side.sleep();
    expect(side.now - START).toBe(15_000);
    expect(side.last('close-bases').bases).toEqual([base, base + 1]);
  });

  it('are begun by either side', () => {
    const { side, connect } = connecting();
    side.tell(connect.base, false).offer({ round: 2, port: 40_500 });
    expect(side.count('anchor')).toBe(2);
    side.port = 41_000;
    side.anchored();
    expect(side.last('offer').offer).toEqual({ round: 2, port: 41_000 });
    expect(side.last('connect').to.port).toBe(40_500);
  });

  it('end a connection that the peer has lost', () => {
    const { side, connect } = connecting();
    side.tell(connect.base, true).offer({ round: 2, port: 40_500 });
    expect(side.events).toContainEqual({ kind: 'close-bases', bases: [connect.base] });
    expect(side.count('anchor')).toBe(2);
  });

  it('go on when the connection closes', () => {
    const { side, connect } = connecting();
    side.tell(connect.base, true).tell(connect.base, false).sleep();
    expect(side.now - START).toBe(15_000);
    expect(side.count('anchor')).toBe(2);
  });
});

describe('a TCP punch with a peer or a server that means harm', () => {
  it('connects once in a round, and never for an offer that it has had', () => {
    const { side, connect } = connecting();
    side.offer({ round: 1, port: 50_000 }).tell(connect.base, false);
    side.offer({ round: 1, port: 50_001 });
    expect(side.count('connect')).toBe(1);
    expect(side.count('anchor')).toBe(1);
  });

  it('makes nothing of a round that is none of ours', () => {
    const side = new Side().want().anchored().offer({ round: 255, port: PEER.port });
    expect(side.count('connect')).toBe(0);
    expect(side.count('anchor')).toBe(1);
  });

  it('makes nothing of a server that says to see it by UDP', () => {
    const side = new Side().want().anchored({ ...PEER });
    expect(side.count('offer')).toBe(0);
  });

  it('makes nothing of streams that it has not asked for', () => {
    const side = new Side().want();
    side.tell(FOREIGN_STREAM + 5, true).tell(FOREIGN_STREAM + 5, false);
    expect(side.count('close-bases')).toBe(0);
    expect(side.punch.handleRun(new Uint8Array(64), SERVER, side.now)).toBe(false);
  });
});
