/**
 * One component of a path that is safe as the name of a file or folder on every system: it can
 * neither leave its folder nor mean a device, a stream or one of our own files, and it shows as
 * what it is. Always in NFC.
 */
export type EntryName = string & { readonly [brand]: 'entry name' };

declare const brand: unique symbol;

/** Why a name was refused. */
export interface NameRefusal {
  readonly refused:
    | 'empty'
    | 'too long'
    | 'dots'
    | 'separator'
    | 'reserved character'
    | 'invisible character'
    | 'not unicode'
    | 'trailing dot or space'
    | 'device name'
    | 'reserved by p2pshare';
}

/** Most UTF-8 bytes (ext4, XFS, ZFS) and most UTF-16 units (NTFS, APFS) of a name. */
export const MAX_NAME_BYTES = 255;
export const MAX_NAME_UNITS = 255;

/**
 * The name that `text` stands for, or why it is refused. The verdict is the same on every system,
 * so that a sender learns of it before a receiver has to refuse (security rules 2, 3 and 15).
 */
export function parseEntryName(text: string): EntryName | NameRefusal {
  // Checked first, so that nothing below works on more than one name's worth of text: no name of
  // 255 UTF-8 bytes has a decomposed form that is longer.
  if (text.length > 3 * MAX_NAME_UNITS) return { refused: 'too long' };
  const name = text.normalize('NFC');
  const refused = refusal(name);
  return refused === undefined ? (name as EntryName) : { refused };
}

/** Whether a listing leaves this name out: `.ssh`, `.bashrc` (security rule 5). */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}

/**
 * Equal for names that some file system holds for the same: case folded in full after NFC
 * (security rule 4). Lower and then upper case maps sharp s, long s, final sigma and the Kelvin
 * sign as full folding does; beyond that it unites dotless i with i, which errs on the safe side.
 */
export function collisionKey(name: string): string {
  return name.normalize('NFC').toLowerCase().toUpperCase().normalize('NFC');
}

/** Whether two paths are of things in one folder, or both of things at the top. */
export function areSiblings(one: readonly EntryName[], other: readonly EntryName[]): boolean {
  if (one.length !== other.length) return false;
  // From the end on, where folders beside each other differ.
  for (let depth = one.length - 2; depth >= 0; depth -= 1) {
    if (one[depth] !== other[depth]) return false;
  }
  return true;
}

function refusal(name: string): NameRefusal['refused'] | undefined {
  if (name === '') return 'empty';
  // Almost all names are good, and one search for everything bad takes a quarter of the time.
  const reason = SUSPICIOUS.test(name) && REFUSED.find(([pattern]) => pattern.test(name));
  if (reason) return reason[1];
  return isTooLong(name) ? 'too long' : undefined;
}

function isTooLong(name: string): boolean {
  if (name.length * MAX_BYTES_PER_UNIT <= MAX_NAME_BYTES) return false;
  return name.length > MAX_NAME_UNITS || new TextEncoder().encode(name).length > MAX_NAME_BYTES;
}

/** Of UTF-8, for a unit of UTF-16. */
const MAX_BYTES_PER_UNIT = 3;

/** What only we call something by. */
const OWN_NAME = /^\.p2pshare-/i;

/** Whether it is the name of what an unfinished transfer has in a folder, or the like. */
export function isOwnName(name: string): boolean {
  return OWN_NAME.test(name);
}

/** What is found in names that are refused, and the reason; in this order. */
export const REFUSED: readonly (readonly [RegExp, NameRefusal['refused']])[] = [
  [/^\.{1,2}$/, 'dots'],
  [/[/\\]/, 'separator'],
  // U+FFFD is what Node makes of bytes that are not UTF-8: the name could not be opened again.
  [/[\p{Surrogate}\u{fffd}]/u, 'not unicode'],
  // Controls, line breaks, bidi controls, zero-width characters and the letters that show nothing.
  // Variation selectors stay: they follow the emoji that are common in names.
  [/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, 'invisible character'],
  [/\u{34f}|\u{115f}|\u{1160}|\u{17b4}|\u{17b5}|\u{3164}|\u{ffa0}/u, 'invisible character'],
  // The colon also stands for drives and alternate data streams.
  [/[<>:"|?*]/, 'reserved character'],
  [/[. ]$/, 'trailing dot or space'],
  // Windows finds the device behind any extension, and behind spaces before it.
  [/^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/i, 'device name'],
  [OWN_NAME, 'reserved by p2pshare'],
];

/** Matches whatever any of them does, and some names that none does: it folds more case than they do. */
const SUSPICIOUS = new RegExp(REFUSED.map(([{ source }]) => source).join('|'), 'iu');
