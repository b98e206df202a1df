import type { RendezvousServer } from '../../../src/protocol/rendezvous/rendezvous-server.ts';
import { decodeReply, type Reply } from '../../../src/protocol/rendezvous/replies.ts';
import {
  encodeBind,
  encodeClaim,
  encodeClose,
  encodePost,
  encodeRegister,
  type RequestHead,
} from '../../../src/protocol/rendezvous/requests.ts';
import type { Instant } from '../../../src/protocol/time.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import { bytes } from './parties.ts';

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
