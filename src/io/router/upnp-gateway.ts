import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { LEASE_S } from '../../protocol/mapping/mapping-lease.ts';
import type { Gateway } from './gateway.ts';
import { readElement, readWanServices } from './upnp-document.ts';
import { gatewayUrl, searchUpnp } from './upnp-search.ts';

/** A router that maps ports when it is asked by UPnP (IGD:1 WANIPConnection, and its successors). */
export class UpnpGateway {
  readonly #gateway: Gateway;
  readonly #control: URL;
  readonly #service: string;

  private constructor(gateway: Gateway, control: URL, service: string) {
    this.#gateway = gateway;
    this.#control = control;
    this.#service = service;
  }

  /**
   * Looks for it, and for nobody else in the network. Rejects when `signal` is aborted, or when the
   * gateway describes nothing that could map a port.
   */
  static async find(gateway: Gateway, signal: AbortSignal): Promise<UpnpGateway> {
    return await UpnpGateway.at(await searchUpnp(gateway, signal), gateway, signal);
  }

  /** The one that describes itself at `location`, a URL of the gateway. */
  static async at(location: URL, gateway: Gateway, signal: AbortSignal): Promise<UpnpGateway> {
    const description = await exchange(location, undefined, signal);
    for (const { type, controlUrl } of readWanServices(description)) {
      const control = gatewayUrl(controlUrl, gateway.address, location);
      if (control !== undefined) return new UpnpGateway(gateway, control, type);
    }
    throw new Error('the gateway describes no service that maps ports');
  }

  /** Maps a public UDP port to the same port of ours, for `LEASE_S`. Rejects when it is refused. */
  async map(port: number, signal: AbortSignal): Promise<void> {
    await this.#call('AddPortMapping', signal, [
      ['NewRemoteHost', ''],
      ['NewExternalPort', port],
      ['NewProtocol', 'UDP'],
      ['NewInternalPort', port],
      ['NewInternalClient', this.#gateway.local],
      ['NewEnabled', 1],
      ['NewPortMappingDescription', 'p2pshare'],
      // Where only endless ones are to be had (error 725), there is none: nobody would end it for us.
      ['NewLeaseDuration', LEASE_S],
    ]);
  }

  /** Ends the mapping of a port. Rejects when there is none. */
  async unmap(port: number, signal: AbortSignal): Promise<void> {
    await this.#call('DeletePortMapping', signal, [
      ['NewRemoteHost', ''],
      ['NewExternalPort', port],
      ['NewProtocol', 'UDP'],
    ]);
  }

  async #call(
    action: string,
    signal: AbortSignal,
    args: readonly (readonly [string, string | number])[],
  ): Promise<void> {
    const body = args.map(([name, value]) => `<${name}>${value}</${name}>`).join('');
    const envelope =
      '<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
      's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>' +
      `<u:${action} xmlns:u="${this.#service}">${body}</u:${action}></s:Body></s:Envelope>\r\n`;
    const call = { action: `"${this.#service}#${action}"`, envelope };
    const answer = await exchange(this.#control, call, signal);
    if (readElement(answer, `${action}Response`) === undefined) throw new Error('no answer to it');
  }
}

interface Call {
  readonly action: string;
  readonly envelope: string;
}

/** Descriptions take some 10 KiB. */
const MAX_BODY_BYTES = 128 * 1024;
/** A small router may take a second for it. */
const EXCHANGE_MS = 5000;

/** One request to the gateway, whose redirections lead nowhere. Rejects unless it answers 200. */
async function exchange(url: URL, call: Call | undefined, signal: AbortSignal): Promise<string> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(EXCHANGE_MS)]);
  const method = call === undefined ? 'GET' : 'POST';
  const asked = request(url, { signal: within, agent: false, method, headers: headersOf(call) });
  asked.end(call?.envelope);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let bytes = 0;
  response.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) response.destroy(new Error('the gateway does not stop talking'));
  });
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`the gateway answers ${response.statusCode}`);
  return body;
}

function headersOf(call: Call | undefined): OutgoingHttpHeaders {
  const headers = { 'user-agent': 'p2pshare UPnP/1.1', connection: 'close' };
  if (call === undefined) return headers;
  const length = Buffer.byteLength(call.envelope);
  return {
    ...headers,
    'content-type': 'text/xml; charset="utf-8"',
    'content-length': length,
    soapaction: call.action,
  };
}
