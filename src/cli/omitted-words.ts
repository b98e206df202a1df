import type { OfferEvent } from '../client/events.ts';
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

/** What a receiver left out. */
export function withoutLinks(links: number): string {
  const words = omittedWords({ special: 0, links, excluded: 0 });
  return `${words}, because the file system at the destination has none`;
}
