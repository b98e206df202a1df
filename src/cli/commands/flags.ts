import { UsageError } from '../errors/usage-error.ts';
import { parseDuration } from '../settings/duration.ts';
import type { Flags } from '../settings/manual.ts';
import { parseRate } from '../settings/rate.ts';

/** What is printed, and where. */
export const OUTPUT_FLAGS = {
  json: {
    type: 'boolean',
    opposes: 'quiet',
    describe: 'Print events on stdout, one JSON object a line',
  },
  quiet: {
    alias: 'q',
    type: 'boolean',
    opposes: 'json',
    describe: 'Print no more than the code, a text, and errors',
  },
  verbose: { alias: 'v', type: 'boolean', describe: 'Print addresses and causes of errors too' },
} as const satisfies Flags;

/** For commands that have few words anyway. */
export const CAUSES_FLAG = {
  alias: 'v',
  type: 'boolean',
  describe: 'Print causes of errors too',
} as const;

export const SERVER_FLAG = {
  type: 'string',
  array: true,
  value: '[wss://]HOST[:PORT]',
  describe: 'Rendezvous server, on both sides the same; repeatable',
} as const;

export const TIMEOUT_FLAG = {
  type: 'string',
  value: 'TIME',
  check: parseDuration,
  describe: 'How long to wait for the other side, such as 90s or 5m',
} as const;

/** How `send` and `receive` get to the other side. */
export const WAY_FLAGS = {
  server: SERVER_FLAG,
  'relay-only': { type: 'boolean', opposes: 'direct-only', describe: 'Use no direct path' },
  'direct-only': { type: 'boolean', opposes: 'relay-only', describe: 'Use no relay' },
  'no-lan': { type: 'boolean', describe: 'Do not look around on the local network' },
  'no-udp': { type: 'boolean', describe: 'Use TCP only' },
  'no-port-mapping': { type: 'boolean', describe: 'Do not ask the router to let the peer in' },
  'thorough-search': {
    type: 'boolean',
    describe: 'Spend up to 20,000 packets on a direct path, if both sides say so',
  },
  limit: {
    type: 'string',
    value: 'RATE',
    check: parseRate,
    describe: 'How fast at most, such as 2MB/s, 500k or 20Mbit',
  },
  timeout: TIMEOUT_FLAG,
} as const satisfies Flags;

export const VERIFY_FLAG = {
  type: 'boolean',
  describe: 'Compare words with the other side before anything is sent',
} as const;

/** What stands for the operand `-`, which yargs would drop. Nobody can type it: it holds a NUL. */
export const STDIN_OPERAND = '\0-';

/** The value of a flag that makes sense only once. */
export function onlyOnce(flag: string, value: unknown): string | undefined {
  if (Array.isArray(value)) throw new UsageError(`--${flag} is given more than once`);
  if (value === '') throw new UsageError(`--${flag} is empty`);
  return value as string | undefined;
}
