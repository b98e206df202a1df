/** What a WebSocket listener bounds. The defaults suit one machine of two cores. */
export interface WebSocketLimits {
  /** Connections in all, upgraded or not. Each may hold half a megabyte that its peer does not read. */
  readonly connections: number;
  /** Connections of one IPv4 /32 or IPv6 /64, which may be a whole office behind a NAT or a proxy. */
  readonly connectionsPerSource: number;
  /** From the first packet to the upgrade, TLS included: three round trips of a bad satellite path. */
  readonly handshakeMs: number;
  /** Silence after which a connection is ended: a client asks something every 15 s. */
  readonly idleMs: number;
}

export const DEFAULT_WEBSOCKET_LIMITS: WebSocketLimits = {
  connections: 1024,
  connectionsPerSource: 64,
  handshakeMs: 10_000,
  idleMs: 60_000,
};
