// Proxies that grant every wish. As a program, `node proxies.mjs http|socks5 PORT [NAME=ADDRESS]` runs
// one, and prints a line of JSON with its port, and one for each connection that it makes.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { argv, stdout } from 'node:process';
import { pathToFileURL } from 'node:url';

/**
 * HTTP CONNECT (RFC 9110 §9.3.6); with `password` (`user:password`), for nobody else.
 *
 * @param {(connection: { target: string, credentials: string }) => void} onConnection
 * @param {string} [password]
 */
export function httpProxy(onConnection, password) {
  return createServer(async (client) => {
    const wire = new Wire(client);
    const header = (await wire.takeThrough('\r\n\r\n')).toString('latin1');
    const target = /^CONNECT (\S+) HTTP\/1.1\r\n/.exec(header)?.[1] ?? '';
    const basic = /^proxy-authorization: Basic (\S+)\r$/im.exec(header)?.[1] ?? '';
    const credentials = Buffer.from(basic, 'base64').toString();
    onConnection({ target, credentials });
    if (password !== undefined && credentials !== password) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    await join(wire, target, 'HTTP/1.1 200 Connection established\r\n\r\n');
  });
}

/**
 * SOCKS5 (RFC 1928), with a user name (RFC 1929) where the client has one.
 *
 * @param {(connection: { target: string, credentials: string }) => void} onConnection
 */
export function socksProxy(onConnection) {
  return createServer(async (client) => {
    const wire = new Wire(client);
    const [, count] = await wire.take(2);
    const hasUser = (await wire.take(count)).includes(2);
    client.write(Buffer.of(5, hasUser ? 2 : 0));
    const credentials = hasUser ? await user(wire) : '';
    const target = await socksTarget(wire);
    onConnection({ target, credentials });
    await join(wire, target, Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
  });
}

async function user(wire) {
  const [, nameLength] = await wire.take(2);
  const name = await wire.take(nameLength);
  const [passwordLength] = await wire.take(1);
  const password = await wire.take(passwordLength);
  wire.client.write(Buffer.of(1, 0));
  return `${name}:${password}`;
}

async function socksTarget(wire) {
  const [, , , type] = await wire.take(4);
  const host = await socksHost(wire, type);
  return `${host}:${(await wire.take(2)).readUInt16BE()}`;
}

async function socksHost(wire, type) {
  if (type === 1) return (await wire.take(4)).join('.');
  if (type === 4) return `[${(await wire.take(16)).toString('hex').replace(/.{4}(?!$)/g, '$&:')}]`;
  const [length] = await wire.take(1);
  return (await wire.take(length)).toString();
}

/** Connects the client to `host:port`, says so, and copies both ways from then on. */
async function join(wire, target, granted) {
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(target);
  const server = connect({ host: names.get(host) ?? host, port: Number(port) });
  server.on('error', () => wire.client.destroy());
  server.on('close', () => wire.client.destroy());
  wire.client.on('close', () => server.destroy());
  await once(server, 'connect').catch(() => undefined);
  wire.client.write(granted);
  server.write(wire.release());
  server.pipe(wire.client);
  wire.client.pipe(server);
}

/** What the proxy knows by itself. */
const names = new Map();

/** A client's words, in the pieces that are asked for. */
class Wire {
  constructor(client) {
    this.client = client;
    this.bytes = Buffer.alloc(0);
    client.on('error', () => undefined);
    client.on('data', this.collect);
  }

  collect = (data) => {
    this.bytes = Buffer.concat([this.bytes, data]);
    this.client.emit('collected');
  };

  async take(count) {
    while (this.bytes.length < count) await once(this.client, 'collected');
    const taken = this.bytes.subarray(0, count);
    this.bytes = this.bytes.subarray(count);
    return taken;
  }

  async takeThrough(text) {
    while (!this.bytes.includes(text)) await once(this.client, 'collected');
    return await this.take(this.bytes.indexOf(text) + text.length);
  }

  /** What has come and was not taken; the client is somebody else's from here on. */
  release() {
    this.client.off('data', this.collect);
    return this.bytes;
  }
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  const tell = (line) => stdout.write(`${JSON.stringify(line)}\n`);
  const server = argv[2] === 'http' ? httpProxy(tell) : socksProxy(tell);
  if (argv[4]) names.set(...argv[4].split('='));
  server.listen(Number(argv[3]), () => tell({ port: server.address().port }));
}
