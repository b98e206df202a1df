import type { OfferEvent, OmittedEvent } from '../../client/api/events.ts';
import { display } from '../../protocol/display.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import { formatCount } from './quantity.ts';

type Omitted = NonNullable<OfferEvent['omitted']>;

/** What a sender left out, and why. */
export function omittedWords({ special, links, excluded }: Omitted): string {
  const parts = [
    excluded > 0 && `${formatCount(excluded, 'name')} excluded`,
    links > 0 && formatCount(links, 'symbolic link'),
    special > 0 && formatCount(special, 'special file'),
  ].filter((part) => part !== false);
  return `left out: ${parts.join(', ')}`;
}

/** What was left out after all, a line for each reason. */
export function omittedLines(event: OmittedEvent): string[] {
  if ('path' in event) {
    return [
      `left out: ${display(event.path, PATH_COLUMNS)}, ${REASONS[event.code] ?? 'it changed'}`,
    ];
  }
  const { links, changed } = event;
  const words = omittedWords({ special: 0, links, excluded: 0 });
  return [
    changed > 0 &&
      `left out: ${formatCount(changed, 'file')} that changed before ${changed === 1 ? 'it was' : 'they were'} sent`,
    links > 0 && `${words}, because the file system at the destination has none`,
  ].filter((line) => line !== false);
}

const PATH_COLUMNS = 200;
const REASONS: Partial<Readonly<Record<ErrorCode, string>>> = {
  P2P_SOURCE_MISSING: 'it is gone',
  P2P_SOURCE_UNREADABLE: 'it cannot be read',
};
