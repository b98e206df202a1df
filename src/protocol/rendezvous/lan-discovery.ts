import {
  encodeMessage,
  MessageType,
  type OpenMessage,
  openMessage,
  RENDEZVOUS_VERSION,
} from './message.ts';
import { MIN_REQUEST_BYTES } from './requests.ts';

/** The question on the LAN, "who has this nameplate?", and the answer, "here". */
export interface Discovery {
  readonly txid: Uint8Array;
  readonly nameplate: number;
}

/** DISCOVER, padded so that HERE is smaller: version 1, nameplate 4. */
export function encodeDiscover({ txid, nameplate }: Discovery): Uint8Array {
  return encodeMessage(
    MessageType.discover,
    txid,
    (writer) => {
      writer.uint8(RENDEZVOUS_VERSION);
      writer.uint32(nameplate);
    },
    MIN_REQUEST_BYTES,
  );
}

/** A DISCOVER of our version, or `undefined`. The bytes are views. */
export function decodeDiscover(packet: Uint8Array): Discovery | undefined {
  const message = openMessage(packet);
  if (message?.type !== MessageType.discover || packet.length < MIN_REQUEST_BYTES) return undefined;
  return message.fields.uint8() === RENDEZVOUS_VERSION ? readDiscovery(message) : undefined;
}

/** HERE: the rendezvous is at the address that this comes from. */
export function encodeHere({ txid, nameplate }: Discovery): Uint8Array {
  return encodeMessage(MessageType.here, txid, (writer) => writer.uint32(nameplate));
}

export function decodeHere(packet: Uint8Array): Discovery | undefined {
  const message = openMessage(packet);
  return message?.type === MessageType.here ? readDiscovery(message) : undefined;
}

function readDiscovery({ txid, fields }: OpenMessage): Discovery | undefined {
  const nameplate = fields.uint32();
  return nameplate === undefined ? undefined : { txid, nameplate };
}
