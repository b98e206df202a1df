import type { CipherSuite } from './ports.ts';

/** The keys of one direction of a session (see docs/protocol-handshake.md, key schedule). */
export interface DirectionKeys {
  /** 8 bytes: the connection id of packets in this direction. */
  readonly connectionId: Uint8Array;
  /** 32 bytes: seals records. */
  readonly record: Uint8Array;
  /** 32 bytes: seals control packets. */
  readonly control: Uint8Array;
  /** 16 bytes: AES-128 key of the header tags of data packets. */
  readonly header: Uint8Array;
  /** 32 bytes: HMAC key of path probes and their answers. */
  readonly probe: Uint8Array;
  /** 32 bytes: ChaCha20-Poly1305 key of what is told the peer by way of the server, once it is met. */
  readonly signal: Uint8Array;
}

/** What the handshake yields. `send` is what we send with, `receive` what the peer sends with. */
export interface SessionKeys {
  readonly suite: CipherSuite;
  readonly send: DirectionKeys;
  readonly receive: DirectionKeys;
  /** 16 bytes that both sides show to the relay; says nothing about the other keys. */
  readonly relayToken: Uint8Array;
  /** 8 bytes that both people may compare (`--verify`). */
  readonly verifier: Uint8Array;
  /** 32 bytes for meeting again under the same code. */
  readonly resumeSecret: Uint8Array;
}
