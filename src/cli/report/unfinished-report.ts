import type { UnfinishedTransfer } from '../../client/api/unfinished-transfers.ts';
import { display } from '../../protocol/display.ts';
import { formatBytes } from '../words/quantity.ts';

const NAME_COLUMNS = 40;
const PLACE_COLUMNS = 200;

const STATES: Readonly<Record<UnfinishedTransfer['state'], string>> = {
  running: 'running',
  waiting: 'waiting for its receiver',
  interrupted: 'interrupted',
  received: 'complete here, unconfirmed',
  expired: 'too old to go on',
};

/** Unfinished transfers as a person reads them, one to three lines each. */
export function unfinishedReport(transfers: readonly UnfinishedTransfer[], nowMs: number): string {
  return transfers.map((transfer) => `${lines(transfer, nowMs).join('\n')}\n`).join('');
}

/** A transfer in a few words, for a question. */
export function unfinishedSummary({ direction, name, bytes, place }: UnfinishedTransfer): string {
  const size = bytes === null ? '' : ` (${formatBytes(bytes)})`;
  const what = name === null ? '' : ` ${display(name, NAME_COLUMNS)}${size}`;
  const way = direction === 'send' ? 'send' : 'receive';
  const where = direction === 'send' ? 'from' : 'to';
  return `${way}${what} ${where} ${display(place, PLACE_COLUMNS)}`;
}

function lines(transfer: UnfinishedTransfer, nowMs: number): string[] {
  const { id, state, startedAt, expiresAt, arrived } = transfer;
  const here = arrived === undefined ? '' : ` with ${formatBytes(arrived)} here`;
  const left = state === 'expired' ? '' : `, can go on for ${formatAge(expiresAt - nowMs)}`;
  return [
    `${id}  ${unfinishedSummary(transfer)}`,
    `          ${STATES[state]}${here}, begun ${formatAge(nowMs - startedAt)} ago${left}`,
  ];
}

/** `3 min`, `5 h`, `2 d`: no more exact than anybody wants to know; a clock may have been set back. */
function formatAge(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}
