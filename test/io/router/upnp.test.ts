import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { readRouteTable } from '../../../src/io/router/gateway.ts';
import { readElement, readWanServices } from '../../../src/io/router/upnp-document.ts';
import { UpnpGateway } from '../../../src/io/router/upnp-gateway.ts';
import { gatewayUrl, readSearchAnswer } from '../../../src/io/router/upnp-search.ts';
import { closing } from '../support/websockets.ts';

const GATEWAY = '10.0.1.1';
const WAN_IP = 'urn:schemas-upnp-org:service:WANIPConnection:1';

function description(services: string): string {
  return (
    '<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceList><device>' +
    `<serviceList>${services}</serviceList></device></deviceList></device></root>`
  );
}

function service(type: string, url: string): string {
  return `<service><serviceType>${type}</serviceType><controlURL>${url}</controlURL></service>`;
}

function searchAnswer(location: string, status = 'HTTP/1.1 200 OK'): Buffer {
  return Buffer.from(`${status}\r\nCACHE-CONTROL: max-age=120\r\nLocation: ${location}\r\n\r\n`);
}

describe('an answer to a search for a router', () => {
  it('says where the router describes itself', () => {
    const url = readSearchAnswer(searchAnswer('http://10.0.1.1:5000/rootDesc.xml'), GATEWAY);
    expect(url?.href).toBe('http://10.0.1.1:5000/rootDesc.xml');
  });

  it.each([
    ['leads to somebody else', searchAnswer('http://10.0.1.66:5000/')],
    ['leads to a name', searchAnswer('http://router.example/')],
    ['leads to this machine', searchAnswer('http://127.0.0.1/')],
    ['is not of HTTP', searchAnswer('file:///etc/passwd')],
    ['is of another scheme', searchAnswer('https://10.0.1.1/')],
    ['hides a name behind the router', searchAnswer('http://10.0.1.1@evil.example/')],
    ['brings a user', searchAnswer('http://user@10.0.1.1/')],
    ['is no URL', searchAnswer('::::')],
    ['is an error', searchAnswer('http://10.0.1.1/', 'HTTP/1.1 404 Not Found')],
    ['is a notice', searchAnswer('http://10.0.1.1/', 'NOTIFY * HTTP/1.1')],
    ['has no location', Buffer.from('HTTP/1.1 200 OK\r\n\r\n')],
    ['is empty', Buffer.alloc(0)],
    ['is too long', searchAnswer(`http://10.0.1.1/${'x'.repeat(5000)}`)],
  ])('counts for nothing when it %s', (_what, answer) => {
    expect(readSearchAnswer(answer, GATEWAY)).toBeUndefined();
  });

  it('may name a path, which is taken from where the description is', () => {
    const base = new URL('http://10.0.1.1:5000/desc/root.xml');
    expect(gatewayUrl('/ctl', GATEWAY, base)?.href).toBe('http://10.0.1.1:5000/ctl');
    expect(gatewayUrl('//evil.example/ctl', GATEWAY, base)).toBeUndefined();
  });
});

describe('the description of a router', () => {
  it('names the services that map ports, in its order', () => {
    const others = service('urn:schemas-upnp-org:service:Layer3Forwarding:1', '/l3f');
    const ppp = 'urn:schemas-upnp-org:service:WANPPPConnection:1';
    const xml = description(others + service(WAN_IP, '/ip') + service(ppp, '/ppp'));
    expect(readWanServices(xml)).toEqual([
      { type: WAN_IP, controlUrl: '/ip' },
      { type: ppp, controlUrl: '/ppp' },
    ]);
  });

  it.each([
    ['no XML at all', 'hello'],
    ['nothing', ''],
    ['unclosed tags', description(`<service><serviceType>${WAN_IP}`)],
    ['no control URL', description(service(WAN_IP, ''))],
    ['a type that only begins like one', description(service(`${WAN_IP}0`, '/'))],
    ['thousands of levels', '<a>'.repeat(100_000)],
    ['a wrong nesting', `<a><b></a>${description(service(WAN_IP, '/ip'))}`],
  ])('may be %s: no service', (_what, xml) => {
    expect(readWanServices(xml)).toEqual([]);
  });

  it('unfolds no entities', () => {
    const lol = (name: string, of: string) => `<!ENTITY ${name} "${`&${of};`.repeat(10)}">`;
    const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">${lol('b', 'a')}${lol('c', 'b')}]>`;
    const file = '<!DOCTYPE x [<!ENTITY c SYSTEM "file:///etc/hostname">]>';
    for (const head of [bomb, file]) {
      expect(
        readElement(`${head}<x><controlURL>&c;</controlURL></x>`, 'controlURL'),
      ).toBeUndefined();
    }
  });

  it('is not remembered beyond what anything there may take', () => {
    const xml = `<x><controlURL>${'y'.repeat(1_000_000)}</controlURL></x>`;
    expect(readElement(xml, 'controlURL')?.length).toBeLessThanOrEqual(2048);
  });
});

describe('a router that is asked by UPnP', () => {
  it('is told of our port and for how long, and is asked to end that', async () => {
    const router = await Router.create();
    const gateway = await router.find();
    await gateway.map(40_123, AbortSignal.timeout(5000));
    await gateway.unmap(40_123, AbortSignal.timeout(5000));
    const [map, unmap] = router.calls;
    expect(map?.action).toBe(`"${WAN_IP}#AddPortMapping"`);
    for (const [name, value] of [
      ['NewExternalPort', '40123'],
      ['NewInternalPort', '40123'],
      ['NewInternalClient', '127.0.0.1'],
      ['NewProtocol', 'UDP'],
      ['NewLeaseDuration', '300'],
    ] as const) {
      expect(readElement(map?.body ?? '', name)).toBe(value);
    }
    expect(unmap?.action).toBe(`"${WAN_IP}#DeletePortMapping"`);
    expect(readElement(unmap?.body ?? '', 'NewExternalPort')).toBe('40123');
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['refuses', (response) => response.writeHead(500).end('<UPnPError/>')],
    ['says something else', (response) => response.end('<x/>')],
    ['sends us elsewhere', (response) => response.writeHead(302, { location: '/ctl' }).end()],
    ['hangs up', (response) => response.destroy()],
    ['does not stop talking', talkForEver],
  ])('may be one that %s: no mapping', async (_what, answer) => {
    const router = await Router.create();
    const gateway = await router.find();
    router.answer = answer;
    await expect(gateway.map(40_123, AbortSignal.timeout(5000))).rejects.toThrow();
    expect(router.calls).toHaveLength(1);
  });

  it('is left when it answers a byte at a time and the time is over', async () => {
    const router = await Router.create();
    const gateway = await router.find();
    const end = new AbortController();
    router.answer = (response) => {
      response.write('<');
      end.abort();
    };
    await expect(gateway.map(40_123, end.signal)).rejects.toThrow();
  });

  it('is of no use when it describes a service that is elsewhere', async () => {
    const router = await Router.create('http://192.0.2.1/ctl');
    await expect(router.find()).rejects.toThrow('no service');
  });
});

describe('the table of routes', () => {
  const table = (...lines: string[]) =>
    `Iface\tDestination\tGateway \tFlags\n${lines.join('\n')}\n`;
  const route = (destination: string, gateway: string, metric: number, mask = '00000000') =>
    `eth0\t${destination}\t${gateway}\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0`;

  it('names the gateway of the default route that costs least', () => {
    const lines = [
      route('0001000A', '00000000', 0, '00FFFFFF'),
      route('00000000', '0101A8C0', 600),
      route('00000000', '0100000A', 100),
    ];
    expect(readRouteTable(table(...lines))).toBe('10.0.0.1');
  });

  it.each([
    ['there is none', []],
    ['it leads through no router', [route('00000000', '00000000', 0)]],
    ['it is only one half of the internet', [route('00000000', '0100000A', 0, '00000080')]],
    ['nobody could have written it', ['eth0', 'x y z', route('00000000', 'hello', 0)]],
  ])('names none when %s', (_what, lines) => {
    expect(readRouteTable(table(...lines))).toBeUndefined();
  });
});

function talkForEver(response: ServerResponse): void {
  const piece = Buffer.alloc(16_384, 'x');
  response.on('error', () => undefined);
  const talk = () => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', talk);
  };
  talk();
}

interface Call {
  readonly action: string;
  readonly body: string;
}

/** A router's web server on loopback, found without a search. */
class Router {
  readonly calls: Call[] = [];
  answer: (response: ServerResponse, action: string) => void = (response, action) => {
    response.end(
      `<s:Envelope xmlns:s="s"><s:Body><u:${action}Response xmlns:u="u"/></s:Body></s:Envelope>`,
    );
  };
  readonly #description: string;
  #port = 0;

  private constructor(controlUrl: string) {
    this.#description = description(service(WAN_IP, controlUrl));
  }

  static async create(controlUrl = '/ctl'): Promise<Router> {
    const router = new Router(controlUrl);
    const server = createServer((request, response) => void router.#serve(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing({
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    });
    router.#port = (server.address() as AddressInfo).port;
    return router;
  }

  find(): Promise<UpnpGateway> {
    const gateway = { address: '127.0.0.1', local: '127.0.0.1' };
    const location = new URL(`http://127.0.0.1:${this.#port}/root.xml`);
    return UpnpGateway.at(location, gateway, AbortSignal.timeout(5000));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') {
      response.end(this.#description);
      return;
    }
    const { soapaction = '' } = request.headers;
    const action = String(soapaction);
    this.calls.push({ action, body: await text(request) });
    this.answer(response, action.replace(/^.*#|"/g, ''));
  }
}
