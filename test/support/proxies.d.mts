import type { Server } from 'node:net';

export interface ProxiedConnection {
  readonly target: string;
  readonly credentials: string;
}

export function httpProxy(
  onConnection: (connection: ProxiedConnection) => void,
  password?: string,
): Server;
export function socksProxy(onConnection: (connection: ProxiedConnection) => void): Server;
