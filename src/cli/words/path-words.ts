import type { PathEvent } from '../../client/api/events.ts';

/** A path as a person reads of it, after the one `before`. */
export function pathWords(event: PathEvent, before: PathEvent | undefined): string {
  const { kind } = event;
  const words = kind === 'direct' ? 'direct connection' : 'connection through the relay';
  if (before === undefined) return words;
  if (before.kind !== kind || isSamePlace(before, event)) return `now ${words}`;
  return kind === 'direct'
    ? 'now another direct connection'
    : 'now connection through another relay';
}

/** Whether two paths lead to the same machine in the same way. */
export function isSamePlace(a: PathEvent, b: PathEvent): boolean {
  return a.kind === b.kind && hostOf(a) === hostOf(b);
}

/** The address of the other end, or of the relay, without its port. */
function hostOf({ remote }: PathEvent): string {
  return remote.replace(/:\d+$/, '');
}
