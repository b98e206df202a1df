/** The first byte of a message body. */
export const MessageType = { offer: 1, answer: 2, done: 3, verified: 4, cancel: 5 } as const;

/** Bit 0 of a page's flags: no page follows. Bits that are not listed here are zero and ignored. */
export const LAST_PAGE = 1;
/** Flag of an ANSWER page at whose end there is a limit. */
export const LIMITED = 2;
/** Flag of the first page of an ANSWER: chunks may come compressed. */
export const TAKES_COMPRESSED = 4;
/** The same: and several small files together. */
export const TAKES_GROUPS = 8;
/** The same: and chunks of a stream that are short. */
export const TAKES_SHORT = 16;
/** The same: and what is compressed may be so by Zstandard. */
export const TAKES_ZSTD = 32;

/** A page is closed once it has grown to this: few enough records, little enough memory. */
export const PAGE_BYTES: number = 16 * 1024;

/** A page that was just short of that, and the longest entry with its path of 4,096 bytes. */
export const PAGE_CAPACITY: number = PAGE_BYTES + 8 * 1024;
