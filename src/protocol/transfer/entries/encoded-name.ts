import { type EntryName, type NameRefusal, parseEntryName, REFUSED } from './entry-name.ts';

/**
 * As `parseEntryName`, but of a name that is refused what is wrong is percent-encoded (RFC 3986
 * §2.1): `12:30?` becomes `12%3A30%3F`. Its own percent signs are as well, so that it can be told what
 * it was. What is no text, or too long then, stays refused.
 */
export function encodedEntryName(text: string): EntryName | NameRefusal {
  const given = parseEntryName(text);
  if (typeof given === 'string' || given.refused === 'too long') return given;
  let name = text.normalize('NFC').replaceAll('%', encoded);
  for (const [{ source, flags }, reason] of REFUSED) {
    if (reason === 'not unicode') continue;
    // What more than one character makes wrong is right without the first of them.
    const wrong = new RegExp(source, `${flags}g`);
    name = name.replace(wrong, ([first = '', ...rest]) => encoded(first) + rest.join(''));
  }
  return parseEntryName(name);
}

function encoded(character: string): string {
  const bytes = new TextEncoder().encode(character);
  return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
    '',
  );
}
