import type { StatusEvent } from '../../client/api/events.ts';
import { formatClock } from './quantity.ts';
import type { Role } from './role.ts';

type Stall = Extract<StatusEvent, { phase: 'stalled' }>;

/**
 * What a transfer waits for that does not move, and for how long. Both sides say it in their own words:
 * what is slow is one thing, seen from two ends. `isVerifying`: everything has left, or arrived.
 */
export function stallWords(
  { cause, stalledMs }: Stall,
  role: Role,
  isVerifying: boolean,
): readonly [what: string, since: string] {
  const clock = formatClock(stalledMs);
  const isSender = role === 'sender';
  if (isVerifying && isSender === (cause === 'peer')) {
    const whose = isSender
      ? "there: waiting for the receiver's disk"
      : 'here: waiting for the disk';
    return [`everything is ${whose}`, `for ${clock}`];
  }
  const own = isSender ? 'the disk or pipe that is read' : 'the disk or pipe that is written to';
  const peer = isSender ? 'receiver' : 'sender';
  const does = isSender ? 'takes' : 'sends';
  const far = `the ${peer}, which is there but ${does} nothing: its disk or pipe is slow`;
  return [`waiting for ${cause === 'disk' ? own : far}`, `nothing has moved for ${clock}`];
}
