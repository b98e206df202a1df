import { once } from 'node:events';
import { Writable } from 'node:stream';
import type { Library } from '../../../src/cli/library.ts';
import type {
  CommonOptions,
  Decision,
  ReceiveOptions,
  RunningServer,
  ServeOptions,
} from '../../../src/client/api/options.ts';
import { type Transfer, TransferHandle } from '../../../src/client/api/transfer-handle.ts';
import { type ErrorCode, P2PShareError } from '../../../src/protocol/errors.ts';
import type { FakeTerminal } from './fake-terminal.ts';
import type { LibraryStep } from './transcript.ts';

export interface FakeLibrary extends Library {
  readonly seen: { called: string | undefined; decided: string | undefined };
}

/** A library that does what a transcript says. */
export function fakeLibrary(script: readonly LibraryStep[], terminal: FakeTerminal): FakeLibrary {
  const seen: FakeLibrary['seen'] = { called: undefined, decided: undefined };
  const start = (name: string, options: CommonOptions & Partial<ReceiveOptions>): Transfer => {
    seen.called = describeCall(name, options);
    const handle = new TransferHandle();
    void playAll(script, { handle, options, terminal, seen });
    return handle;
  };
  return {
    seen,
    send: (options) => start('send', options),
    receive: (options) => start('receive', options),
    resume: (options) => start('resume', options),
    unfinished: async () => found(script),
    forget: async (options) => {
      seen.called = describeCall('forget', options);
    },
    diagnose: async (options) => {
      seen.called = describeCall('diagnose', options ?? {});
      return found(script);
    },
    serve: async (options) => {
      seen.called = describeCall('serve', options ?? {});
      return await serveScript(options ?? {}, script, terminal);
    },
  };
}

/** A server to which the steps happen once it is ready. */
async function serveScript(
  { monitor, onEvent }: ServeOptions,
  script: readonly LibraryStep[],
  terminal: FakeTerminal,
): Promise<RunningServer> {
  const endpoints = ['127.0.0.1:9420'];
  const monitored = monitor && '127.0.0.1:9422';
  const fails = script.find(({ verb }) => verb === 'fail');
  if (fails !== undefined) throw failure(fails.rest);
  onEvent?.({ event: 'ready', endpoints, ...(monitored && { monitor: monitored }) });
  for (const { verb, rest } of script) {
    if (verb === 'event') onEvent?.(JSON.parse(rest));
    else setImmediate(() => terminal.sendSignal('SIGTERM'));
  }
  return {
    endpoints,
    monitor: monitored,
    stats: () => ({ relayedBytes: 7 }),
    close: async () => undefined,
  };
}

/** What the transcript says that the library finds out. */
function found(script: readonly LibraryStep[]) {
  return JSON.parse(script.find(({ verb }) => verb === 'found')?.rest ?? 'null');
}

interface Stage {
  readonly handle: TransferHandle;
  readonly options: CommonOptions & Partial<ReceiveOptions>;
  readonly terminal: FakeTerminal;
  readonly seen: FakeLibrary['seen'];
}

async function playAll(script: readonly LibraryStep[], stage: Stage): Promise<void> {
  try {
    for (const step of script) await play(step, stage);
    stage.handle.succeed({
      files: ['/tmp/report.pdf'],
      bytes: 2_000_000,
      travelledBytes: 2_000_400,
      ms: 500,
      path: 'direct',
    });
  } catch (error) {
    stage.handle.fail(error);
  }
}

async function play({ verb, rest }: LibraryStep, stage: Stage): Promise<void> {
  switch (verb) {
    case 'found':
      return;
    case 'event':
      stage.handle.emit(JSON.parse(rest));
      return;
    case 'ask': {
      const never = new AbortController().signal;
      const decision = await stage.options.decide?.(JSON.parse(rest), never);
      await obey(decision, stage);
      return;
    }
    case 'verify': {
      await eventsRead();
      const never = new AbortController().signal;
      const isSame = await stage.options.verify?.(rest.split(' '), never);
      stage.seen.decided = JSON.stringify(isSame);
      if (isSame === false) throw failure('P2P_NOT_VERIFIED compared here');
      return;
    }
    case 'withdraw': {
      const withdrawal = new AbortController();
      const decision = stage.options.decide?.(JSON.parse(rest), withdrawal.signal);
      await eventsRead();
      withdrawal.abort();
      await decision;
      return;
    }
    case 'signal':
      await eventsRead();
      stage.terminal.sendSignal(rest as 'SIGINT');
      return;
    case 'hang-up':
      await eventsRead();
      stage.terminal.hangUp();
      return;
    case 'until-aborted':
      if (stage.options.signal?.aborted === false) await once(stage.options.signal, 'abort');
      throw failure('P2P_CANCELLED aborted');
    case 'fail':
      throw failure(rest);
    default:
      throw new Error(`no such step: ${verb}`);
  }
}

async function obey(decision: Decision | undefined, stage: Stage): Promise<void> {
  stage.seen.decided = JSON.stringify(decision);
  if (decision?.accept === false) throw failure('P2P_DECLINED declined here');
}

function failure(text: string): P2PShareError {
  const [code = '', ...words] = text.split(' ');
  const message = words.join(' ');
  if (message === 'by peer') return new P2PShareError(code as ErrorCode, message, { by: 'peer' });
  const cause = Object.assign(new Error('the system'), { code: words[0] });
  return new P2PShareError(code as ErrorCode, message, { cause });
}

/** Lets the reader of the events catch up, as time does outside of tests. */
function eventsRead(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Everything that is plain data; functions and signals are there or not, streams have no names. */
function describeCall(name: string, options: object): string {
  const plain = Object.entries(options).filter(
    ([key, value]) => key !== 'signal' && typeof value !== 'function',
  );
  const text = JSON.stringify(Object.fromEntries(plain), (_key, value) =>
    value instanceof Writable ? 'a stream' : value,
  );
  return `${name} ${text}`;
}
