import { describe, expectTypeOf, it } from 'vitest';
import {
  type CurrentEntry,
  type Decision,
  type Diagnosis,
  diagnose,
  type ErrorCode,
  type Offer,
  P2PShareError,
  type ProgressEvent,
  type RunningServer,
  receive,
  send,
  serve,
  type Transfer,
  type TransferEvent,
  type TransferResult,
} from '../../src/index.ts';

describe('send', () => {
  it('needs a file and nothing else', () => {
    expectTypeOf(send({ paths: ['a'] })).toEqualTypeOf<Transfer>();
    // @ts-expect-error there is nothing to send
    send({});
  });

  it('knows three route policies', () => {
    send({ paths: ['a'], route: 'relay', servers: ['host:1'], lan: false, timeoutMs: 1 });
    // @ts-expect-error no such policy
    send({ paths: ['a'], route: 'tcp' });
  });

  it('asks about words that two people compare', () => {
    send({
      paths: ['a'],
      verify: async (words, signal) => {
        expectTypeOf(words).toEqualTypeOf<readonly string[]>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        return true;
      },
    });
    // @ts-expect-error whether they are the same has to be said
    send({ paths: ['a'], verify: async () => undefined });
  });

  it('knows nothing of codes', () => {
    // @ts-expect-error the server and the library make the code
    send({ paths: ['a'], code: '1-a-b-c' });
  });
});

describe('receive', () => {
  it('needs a code', () => {
    expectTypeOf(receive({ code: '1-a-b-c' })).toEqualTypeOf<Transfer>();
    // @ts-expect-error it cannot know what to receive
    receive({ out: '.' });
  });

  it('asks for a decision about an offer, and a refusal has no conflict policy', () => {
    receive({
      code: '1-a-b-c',
      onConflict: 'ask',
      decide: async (offer) => {
        expectTypeOf(offer).toEqualTypeOf<Offer>();
        return offer.exists ? { accept: true, onConflict: 'rename' } : { accept: false };
      },
    });
    // @ts-expect-error nothing is written, so nothing can be in the way
    const decision: Decision = { accept: false, onConflict: 'rename' };
    expectTypeOf(decision).toExtend<Decision>();
  });
});

describe('Transfer', () => {
  it('is events and a result', () => {
    expectTypeOf<Transfer['result']>().toEqualTypeOf<Promise<TransferResult>>();
    expectTypeOf<Transfer>().toExtend<AsyncIterable<TransferEvent>>();
  });

  it('tells events apart by their name', () => {
    expectTypeOf<Extract<TransferEvent, { event: 'progress' }>>().toExtend<ProgressEvent>();
    expectTypeOf<ProgressEvent['current']>().toEqualTypeOf<CurrentEntry | undefined>();
    expectTypeOf<TransferEvent['receiver']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<TransferEvent['event']>().toEqualTypeOf<
      | 'status'
      | 'code'
      | 'peer'
      | 'offer'
      | 'path'
      | 'progress'
      | 'receiver'
      | 'omitted'
      | 'file'
      | 'text'
      | 'ticket'
      | 'done'
      | 'error'
    >();
  });
});

describe('serve', () => {
  it('starts with no options at all', () => {
    expectTypeOf(serve()).toEqualTypeOf<Promise<RunningServer>>();
    expectTypeOf<RunningServer['endpoints']>().toEqualTypeOf<readonly string[]>();
  });
});

describe('diagnose', () => {
  it('needs nothing, and finds out what it can', () => {
    expectTypeOf(diagnose()).toEqualTypeOf<Promise<Diagnosis>>();
    expectTypeOf(diagnose({ servers: ['host:1'] })).toEqualTypeOf<Promise<Diagnosis>>();
    // @ts-expect-error a list, as everywhere
    void diagnose({ servers: 'host' });
  });

  it('says null of what it could not find out', () => {
    expectTypeOf<null>().toExtend<Diagnosis['nat']>();
    type Endpoint = Diagnosis['servers'][number]['endpoints'][number];
    expectTypeOf<Endpoint['mtu']>().toEqualTypeOf<number | null>();
  });
});

describe('P2PShareError', () => {
  it('carries a code of a closed list', () => {
    expectTypeOf<P2PShareError['code']>().toEqualTypeOf<ErrorCode>();
    // @ts-expect-error no such code
    new P2PShareError('P2P_WHATEVER', '');
  });
});
