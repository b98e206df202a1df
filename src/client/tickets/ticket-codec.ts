import { formatCode, parseCode } from '../../protocol/handshake/code.ts';
import { CONFLICT_POLICIES } from '../api/options.ts';
import {
  isTicketId,
  type ReceiveTicket,
  type SendTicket,
  type StoredOffer,
  type StoredOptions,
  type StoredValue,
  type Ticket,
} from './ticket.ts';

const VERSION = 1;

export function encodeTicket(ticket: Ticket): Uint8Array {
  const plain = ticket.kind === 'send' ? { ...ticket, code: formatCode(ticket.code) } : ticket;
  const fields = Object.entries(plain).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  ]);
  const text = JSON.stringify({ version: VERSION, ...Object.fromEntries(fields) });
  return new TextEncoder().encode(`${text}\n`);
}

/** Reads what `encodeTicket` wrote; `undefined` for anything else, whoever wrote it. */
export function decodeTicket(bytes: Uint8Array): Ticket | undefined {
  const fields = parseObject(bytes);
  if (fields === undefined || fields.version !== VERSION) return undefined;
  return fields.kind === 'send' ? readSend(fields) : readReceive(fields);
}

/** What may be in a ticket, before anything is known of it. */
type Fields = {
  readonly [Name in
    | 'version'
    | 'name'
    | 'entries'
    | 'bytes'
    | 'onConflict'
    | keyof SendTicket
    | keyof ReceiveTicket]?: unknown;
};

function readSend(fields: Fields): SendTicket | undefined {
  const common = readCommon(fields);
  const parsed = typeof fields.code === 'string' ? parseCode(fields.code) : undefined;
  const ownerSecret = readBytes(fields.ownerSecret, 16);
  const salt = readBytes(fields.salt, 16);
  const failedAttempts = readCount(fields.failedAttempts);
  const served = readCount(fields.served);
  const unserved = readCount(fields.unserved);
  const resumeSecret = readBytes(fields.resumeSecret, 32);
  if (common === undefined || parsed?.kind !== 'code' || ownerSecret === undefined)
    return undefined;
  if (salt === undefined || failedAttempts === undefined) return undefined;
  // A secret that is there and is none would make the code look as if it were still good.
  if (fields.resumeSecret !== undefined && resumeSecret === undefined) return undefined;
  return {
    kind: 'send',
    ...common,
    code: parsed.code,
    ownerSecret,
    salt,
    failedAttempts,
    ...(served && { served }),
    ...(unserved && { unserved }),
    ...(resumeSecret && { resumeSecret }),
  };
}

function readReceive(fields: Fields): ReceiveTicket | undefined {
  const common = readCommon(fields);
  const codeSalt = readBytes(fields.codeSalt, 16);
  const codeHash = readBytes(fields.codeHash, 32);
  const resumeSecret = readBytes(fields.resumeSecret, 32);
  const { kind, folder, settled, result, isOneOfSeveral } = fields;
  if (kind !== 'receive' || common === undefined) return undefined;
  if (codeSalt === undefined || codeHash === undefined) return undefined;
  return {
    kind,
    ...common,
    codeSalt,
    codeHash,
    ...(resumeSecret && { resumeSecret }),
    ...(isOneOfSeveral === true && { isOneOfSeveral }),
    ...(typeof folder === 'string' && { folder }),
    ...(typeof settled === 'string' && { settled }),
    ...(typeof result === 'string' && { result }),
  };
}

function readCommon(fields: Fields) {
  const { id } = fields;
  const createdMs = readCount(fields.createdMs);
  const seenMs = readCount(fields.seenMs);
  const request = readOptions(fields.request);
  const ways = readOptions(fields.ways);
  const offer = readOffer(fields.offer);
  if (!isTicketId(id) || createdMs === undefined || seenMs === undefined) return undefined;
  if (request === undefined || ways === undefined) return undefined;
  return { id, createdMs, seenMs, request, ways, ...(offer && { offer }) };
}

function readOptions(value: unknown): StoredOptions | undefined {
  if (!isObject(value)) return undefined;
  const options = Object.entries(value);
  const isStored = options.every((option): option is [string, StoredValue] =>
    isStoredValue(option[1]),
  );
  // Not by assignment: a name may be `__proto__`.
  return isStored ? Object.fromEntries<StoredValue>(options) : undefined;
}

function isStoredValue(value: unknown): value is StoredValue {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string');
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function readOffer(value: unknown): StoredOffer | undefined {
  if (!isObject(value) || typeof value.name !== 'string') return undefined;
  const entries = readCount(value.entries);
  const bytes = value.bytes === null ? null : readCount(value.bytes);
  const onConflict = CONFLICT_POLICIES.find((policy) => policy === value.onConflict);
  if (entries === undefined || bytes === undefined) return undefined;
  return { name: value.name, entries, bytes, ...(onConflict && { onConflict }) };
}

function readCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function readBytes(value: unknown, length: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length !== 2 * length) return undefined;
  return /^[0-9a-f]*$/.test(value) ? Uint8Array.from(Buffer.from(value, 'hex')) : undefined;
}

function parseObject(bytes: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
