import { UsageError } from '../usage-error.ts';

/** What is printed, and where. */
export const OUTPUT_FLAGS = {
  json: { type: 'boolean', describe: 'Print events on stdout, one JSON object a line' },
  quiet: { alias: 'q', type: 'boolean', describe: 'Print no more than the code and errors' },
  verbose: { alias: 'v', type: 'boolean', describe: 'Print addresses and causes of errors too' },
} as const;

/** What `send` and `receive` have in common. */
export const TRANSFER_FLAGS = {
  server: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Rendezvous server [wss://]HOST[:PORT]; repeatable [env: P2PSHARE_SERVER]',
  },
  'relay-only': { type: 'boolean', describe: 'Use no direct path' },
  'direct-only': { type: 'boolean', describe: 'Use no relay' },
  'no-lan': { type: 'boolean', describe: 'Do not look around on the local network' },
  'no-udp': { type: 'boolean', describe: 'Use TCP only' },
  'no-port-mapping': { type: 'boolean', describe: 'Do not ask the router to let the peer in' },
  'thorough-search': {
    type: 'boolean',
    describe: 'Spend up to 20,000 packets on a direct path, if both sides say so',
  },
  limit: {
    type: 'string',
    requiresArg: true,
    describe: 'How fast at most, such as 2MB/s, 500k or 20Mbit',
  },
  timeout: {
    type: 'string',
    requiresArg: true,
    describe: 'How long to wait for the other side, such as 90s or 5m',
  },
} as const;

/** What stands for the operand `-`, which yargs would drop. Nobody can type it: it holds a NUL. */
export const STDIN_OPERAND = '\0-';

/** The value of a flag that makes sense only once. */
export function onlyOnce(flag: string, value: unknown): string | undefined {
  if (Array.isArray(value)) throw new UsageError(`--${flag} is given more than once`);
  if (value === '') throw new UsageError(`--${flag} is empty`);
  return value as string | undefined;
}
