import { describe, expect, it } from 'vitest';
import { createCrypto } from '../../src/crypto/node-crypto.ts';
import type { Code } from '../../src/protocol/handshake/code.ts';
import { SenderHandshake } from '../../src/protocol/handshake/sender-handshake.ts';
import { CipherSuite } from '../../src/protocol/ports.ts';
import { RendezvousHost } from '../../src/protocol/rendezvous/rendezvous-host.ts';
import { RendezvousServer } from '../../src/protocol/rendezvous/rendezvous-server.ts';
import { millis } from '../../src/protocol/time.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import type { ReceiverOptions, SimulatedReceiver } from '../protocol/session/simulated-peers.ts';
import type { Host } from '../support/host.ts';
import { forEachSeed } from '../support/seeds.ts';
import { Scene } from './scene.ts';

const SEEDS = 3;
const WITHOUT_SERVER = { server: undefined };
const WRONG = ['velvet', 'walnut', 'candle'];

describe('without a server, a receiver on the LAN', () => {
  forEachSeed('meets the sender on its own socket, and nothing leaves the house', SEEDS, (seed) => {
    const lan = new Lan(seed);
    const { sender, code } = lan.scene.send(WITHOUT_SERVER);
    const receiver = lan.receive(code);
    receiver.addServer(lan.senderEndpoint);
    lan.scene.expectTransfer({ sender, receiver });
    expect([sender.paths, receiver.paths]).toEqual([['host'], ['host']]);
    expect(lan.scene.internet.counters.routed).toBe(0);
  });

  it('that finds nobody gives up when the search is over', () => {
    const lan = new Lan(1);
    const receiver = lan.receive({ nameplate: 1234, words: WRONG });
    receiver.addServer(lan.bystander.endpoint(5000));
    lan.scene.runUntil(() => receiver.ended);
    expect(receiver.failure).toBe('P2P_SERVER_UNREACHABLE');
    expect(lan.scene.sim.elapsed).toBeLessThan(20_000);
  });

  it('that hears of nobody at all is told that the code is not known', () => {
    const lan = new Lan(1);
    const receiver = lan.receive({ nameplate: 1234, words: WRONG });
    lan.scene.runUntil(() => receiver.ended);
    expect(receiver.failure).toBe('P2P_CODE_UNKNOWN');
  });

  it('that was told wrong words hears so, and the right one still gets the file', () => {
    const lan = new Lan(1);
    const { sender, code } = lan.scene.send(WITHOUT_SERVER);
    const wrong = lan.receive({ ...code, words: WRONG }, { name: 'guesser', port: 6001 });
    wrong.addServer(lan.senderEndpoint);
    lan.scene.runUntil(() => wrong.ended);
    expect(wrong.failure).toBe('P2P_CODE_MISMATCH');
    const receiver = lan.receive(code);
    receiver.addServer(lan.senderEndpoint);
    lan.scene.expectTransfer({ sender, receiver });
  });
});

describe('a sender that is found at four addresses', () => {
  it('lets two receivers with wrong words try, and then the right one', () => {
    const lan = new Lan(1);
    const { sender, code } = lan.scene.send(WITHOUT_SERVER);
    for (const name of ['first', 'second']) lan.receiveAtFour({ ...code, words: WRONG }, name);
    expect(sender.all('wrong-code').map(({ used }) => used)).toEqual([1, 2]);
    const receiver = lan.receive(code);
    receiver.addServer(lan.senderEndpoint);
    lan.scene.expectTransfer({ sender, receiver });
  });

  it('gives up when the third was wrong as well', () => {
    const lan = new Lan(1);
    const { sender, code } = lan.scene.send(WITHOUT_SERVER);
    const wrong = { ...code, words: WRONG };
    const failures = ['first', 'second', 'third'].map((name) => lan.receiveAtFour(wrong, name));
    expect(failures).toEqual(['P2P_CODE_MISMATCH', 'P2P_CODE_MISMATCH', 'P2P_CODE_BURNT']);
    expect(sender.failure).toBe('P2P_CODE_BURNT');
  });
});

describe('a liar on the LAN who answers first does not keep the receiver from the sender', () => {
  const LIARS: Record<string, (lan: Lan, code: Code) => Endpoint> = {
    'with a server that does not know the code': (lan) => lan.runServer(),
    'with the right number and the wrong words': (lan, code) => lan.runImpostor(code, WRONG),
    'with a claim accepted, and silence': (lan, code) => lan.runImpostor(code, undefined),
    'with nothing behind the address': (lan) => lan.bystander.endpoint(9999),
  };
  for (const [name, lie] of Object.entries(LIARS)) {
    forEachSeed(name, SEEDS, (seed) => {
      const lan = new Lan(seed);
      const { sender, code } = lan.scene.send(WITHOUT_SERVER);
      const liar = lie(lan, code);
      const receiver = lan.receive(code);
      receiver.addServer(liar);
      lan.scene.runFor(1);
      receiver.addServer(lan.senderEndpoint);
      lan.scene.expectTransfer({ sender, receiver });
      expect(sender.all('wrong-code')).toEqual([]);
      expect(lan.scene.sim.elapsed).toBeLessThan(20_000);
    });

    forEachSeed(`${name}, when the sender is at a server`, SEEDS, (seed) => {
      const lan = new Lan(seed);
      const { sender, code } = lan.scene.send();
      const liar = lie(lan, code);
      const { endpoint } = lan.scene.server;
      const receiver = lan.receive(code, { server: endpoint, searchFor: millis(2000) });
      receiver.addServer(liar);
      lan.scene.expectTransfer({ sender, receiver });
      expect(lan.scene.sim.elapsed).toBeLessThan(20_000);
    });
  }
});

describe('a sender that was killed while it waited', () => {
  it('is given up by the receiver, which the server still sends there', () => {
    const { scene } = new Lan(1);
    const { sender, code } = scene.send();
    sender.stop();
    const receiver = scene.receive(code);
    scene.runUntil(() => receiver.ended, millis(60_000));
    expect(receiver.failure).toBe('P2P_TIMEOUT');
  });
});

describe('with a server and the LAN side by side', () => {
  forEachSeed('one transfer takes place, whichever is found first', SEEDS, (seed) => {
    for (const lanFirst of [true, false]) {
      const lan = new Lan(seed);
      const { sender, code } = lan.scene.send({ lan: true });
      const receiver = lan.receive(code, {
        server: lanFirst ? undefined : lan.scene.server.endpoint,
      });
      receiver.addServer(lan.senderEndpoint);
      if (lanFirst) receiver.addServer(lan.scene.server.endpoint);
      lan.scene.expectTransfer({ sender, receiver });
      expect(receiver.paths.at(-1)).toBe('host');
      expect(sender.all('wrong-code')).toEqual([]);
    }
  });

  forEachSeed('a wrong code spends one attempt, not one at each address', SEEDS, (seed) => {
    const lan = new Lan(seed);
    const { sender, code } = lan.scene.send({ lan: true });
    const wrong = lan.receive({ ...code, words: WRONG }, { server: lan.scene.server.endpoint });
    wrong.addServer(lan.senderEndpoint);
    lan.scene.runUntil(() => wrong.ended);
    expect(wrong.failure).toBe('P2P_CODE_MISMATCH');
    expect(sender.all('wrong-code').map(({ used }) => used)).toEqual([1]);
  });

  forEachSeed('the LAN alone is enough when the server is dead for the receiver', SEEDS, (seed) => {
    const lan = new Lan(seed);
    const { sender, code } = lan.scene.send({ lan: true });
    const receiver = lan.receive(code, { server: { address: '203.0.113.99', port: 9420 } });
    receiver.addServer(lan.senderEndpoint);
    lan.scene.expectTransfer({ sender, receiver });
    expect(lan.scene.sim.elapsed).toBeLessThan(5000);
  });
});

/** The sender's home as a LAN with two more hosts: the receiver's, and somebody else's. */
class Lan {
  readonly scene: Scene;
  readonly senderEndpoint: Endpoint;
  readonly bystander: Host;
  readonly #receiverHost: Host;

  constructor(seed: number) {
    this.scene = new Scene(seed);
    this.senderEndpoint = this.scene.homeHost.endpoint(5000);
    this.#receiverHost = this.scene.home.host('10.0.1.3');
    this.bystander = this.scene.home.host('10.0.1.4');
  }

  receive(code: Code, options: Partial<ReceiverOptions> = {}): SimulatedReceiver {
    return this.scene.receive(code, { ...WITHOUT_SERVER, ...options }, this.#receiverHost);
  }

  /** A receiver that reaches the sender in four ways, as one with several interfaces does; its failure. */
  receiveAtFour(code: Code, name: string): string | undefined {
    const receiver = this.receive(code, { name, port: 6000 + name.length });
    for (const base of [1, 2, 3, 4]) {
      receiver.openBase(base);
      receiver.addServer({ ...this.senderEndpoint, base });
    }
    this.scene.runUntil(() => receiver.ended);
    receiver.stop();
    return receiver.failure;
  }

  runServer(): Endpoint {
    const { sim } = this.scene;
    const random = sim.random.fork('impostor server');
    const options = { crypto: createCrypto(random), random, allowWantedNameplates: true };
    this.bystander.run(new RendezvousServer(options, sim.now), { port: 9420 });
    return this.bystander.endpoint(9420);
  }

  /** Somebody who has the nameplate as well, and answers with these words, or not at all. */
  runImpostor({ nameplate }: Code, words: readonly string[] | undefined): Endpoint {
    const { sim } = this.scene;
    const server = this.runServer();
    const random = sim.random.fork('impostor');
    const crypto = createCrypto(random);
    const suites = [CipherSuite.aes256Gcm];
    const handshake = new SenderHandshake({ crypto, random, suites, box: () => new Uint8Array(1) });
    const { hello } = handshake;
    const host = new RendezvousHost({ server, hello, random, nameplate }, sim.now);
    const driver = this.bystander.run(host, {
      port: 9421,
      onEvent: (event) => {
        if (event.kind !== 'message' || words === undefined) return;
        handshake.arm({ nameplate, words });
        const answer = handshake.handleMessage(event.claimId, event.body, sim.now);
        if (answer !== undefined) host.reply(event.claimId, answer, sim.now);
        driver.poke();
      },
    });
    this.scene.runFor(100);
    return server;
  }
}
