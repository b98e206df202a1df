import type { Diagnosis } from '../../client/api/diagnosis.ts';
import type { TransferEvent } from '../../client/api/events.ts';
import type { ServerEvent } from '../../client/api/options.ts';
import type {
  UnfinishedTransfer,
  UnfinishedTransfers,
} from '../../client/api/unfinished-transfers.ts';
import { P2PShareError } from '../../protocol/errors.ts';
import { messageFor } from '../errors/messages.ts';
import type { Role } from '../words/role.ts';

/** The version of docs/events.schema.json: it changes with what would break a reader. */
export const SCHEMA_VERSION = 1;

/**
 * Everything that `--json` prints: who prints it, the library's events, the server's, a diagnosis, what
 * was measured, and errors with a hint.
 */
export type JsonEvent =
  | { readonly event: 'start'; readonly schema: number; readonly version: string }
  | TransferEvent
  | ({ readonly event: 'diagnosis' } & Diagnosis)
  | BenchEvent
  | ({ readonly event: 'unfinished' } & UnfinishedTransfer)
  | ({ readonly event: 'ignored' } & UnfinishedTransfers['ignored'][number])
  | Exclude<ServerEvent, { event: 'closed' }>
  | { readonly event: 'closed'; readonly stats: Readonly<Record<string, number>> };

/** A figure of `bench`: bytes a second, and for a relay the round trip to the other side. */
export type BenchEvent =
  | { readonly event: 'bench'; readonly what: 'machine' | 'disk'; readonly rate: number }
  | {
      readonly event: 'bench';
      readonly what: 'relay';
      readonly rate: number;
      readonly server: string;
      readonly rttMs: number | null;
    };

/** One event as one line, `event` first. */
export function jsonLine(event: JsonEvent): string {
  const { event: name, ...rest } = event;
  return line({ event: name, ...rest });
}

/** The last line of a run that failed; `message` and `hint` are the words that people see. */
export function jsonErrorLine(error: unknown, role: Role | undefined): string {
  const { text, hint } = messageFor(error, role);
  const { code, ticket, by } = error instanceof P2PShareError ? error : { code: 'P2P_PROTOCOL' };
  return line({ event: 'error', code, message: text, hint, ticket, by });
}

/**
 * JSON escapes C0 only. The rest of what can move a terminal's cursor or turn its text around
 * (C1, bidirectional controls, line separators) may come from the peer's file name.
 */
function line(value: object): string {
  const json = JSON.stringify(value).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${json}\n`;
}
