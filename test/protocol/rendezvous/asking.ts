import { RendezvousServer } from '../../../src/protocol/rendezvous/rendezvous-server.ts';
import { decodeReply, type Reply } from '../../../src/protocol/rendezvous/replies.ts';
import {
  encodeBind,
  encodeClaim,
  encodeClose,
  encodePost,
  encodeRegister,
  type RequestHead,
} from '../../../src/protocol/rendezvous/requests.ts';
import type { ServerLimits } from '../../../src/protocol/rendezvous/server-limits.ts';
import { type Instant, instant, millis } from '../../../src/protocol/time.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { bytes, crypto } from './parties.ts';

export const TXID: Uint8Array = bytes(8, 0x77);

/** Asks once as it stands; yields everything that the server then sends. */
export function askOnce(
  server: RendezvousServer,
  packet: Uint8Array,
  from: Endpoint,
  now: Instant,
): { to: Endpoint; payload: Uint8Array; reply: Reply | undefined }[] {
  server.handleBatch(packet, from, now);
  const sent = [];
  for (let out = server.pollTransmit(); out; out = server.pollTransmit()) {
    const reply = decodeReply(out.payload)?.reply;
    sent.push({ to: out.remote, payload: out.payload, reply });
  }
  return sent;
}

/** Asks for an address token and then in earnest; yields the answer to the asker. */
export function ask(
  server: RendezvousServer,
  encode: (head: RequestHead) => Uint8Array,
  from: Endpoint,
  now: Instant,
): Reply | undefined {
  const [first] = askOnce(server, encode({ txid: TXID, token: bytes(16, 0) }), from, now);
  if (first?.reply?.kind !== 'challenge') throw new Error('no challenge');
  const head = { txid: TXID, token: first.reply.token };
  return askOnce(server, encode(head), from, now).find(({ to }) => to === from)?.reply;
}

export function register(fill: number, wanted = 0, isOpen = false) {
  const fields = { ownerSecret: bytes(16, fill), wanted, isOpen, hello: bytes(256, 3) };
  return (head: RequestHead): Uint8Array => encodeRegister(head, fields);
}

export function claim(nameplate: number, fill: number, secret = fill) {
  const fields = { nameplate, claimId: bytes(16, fill), claimSecret: bytes(16, secret) };
  return (head: RequestHead): Uint8Array => encodeClaim(head, fields);
}

export function post(nameplate: number, claimFill: number, secret: number) {
  const fields = { nameplate, claimId: bytes(16, claimFill), secret: bytes(16, secret) };
  return (head: RequestHead): Uint8Array => encodePost(head, { ...fields, body: bytes(1000, 8) });
}

export function bind(
  nameplate: number,
  secret: number,
  connectionId: number,
  { token = 5, claimFill = 1 } = {},
) {
  const fields = {
    nameplate,
    claimId: bytes(16, claimFill),
    secret: bytes(16, secret),
    relayToken: bytes(16, token),
    connectionId: bytes(8, connectionId),
  };
  return (head: RequestHead): Uint8Array => encodeBind(head, fields);
}

export function close(nameplate: number, secret: number) {
  return (head: RequestHead): Uint8Array =>
    encodeClose(head, { nameplate, secret: bytes(16, secret), outcome: 'happy' });
}

export const MINUTE = 60_000;

export function at(ms: number): Instant {
  return instant(ms);
}

/** One that has been there for long and grants every number, unless `limits` say otherwise. */
export function newServer(limits: Partial<ServerLimits> = {}): RendezvousServer {
  const all = { returnTime: millis(0), ...limits };
  const options = { crypto, random: new SeededRandom(3), limits: all, allowWantedNameplates: true };
  return new RendezvousServer(options, at(0));
}

/** A client of many. */
export function from(index: number): Endpoint {
  return { address: `198.18.${index >> 8}.${index & 0xff}`, port: 5000 };
}

/** What became of a request, in a word. */
export function verdict(reply: Reply | undefined): string | undefined {
  return reply?.kind === 'error' ? reply.refusal : reply?.kind;
}
