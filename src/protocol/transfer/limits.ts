/** Said once for the whole transfer layer: what a peer may make us hold or do. */
export const TRANSFER_LIMITS = {
  /** Entries of one offer (security rule 1). */
  entries: 1_000_000,
  /** Bytes of all pages of one offer, or of one answer (security rule 1). */
  pageBytes: 64 * 2 ** 20,
  /** Components of one path, and their bytes together with the separators (security rule 1). */
  components: 64,
  pathBytes: 4096,
  /** Distinct files and folders on the paths of an offer. */
  places: 2_000_000,
  /** One message after its parts are joined: four times what our own pages take. */
  messageBytes: 64 * 1024,
  /** Messages that may arrive before an earlier one; the sender of messages stays within it. */
  messagesAhead: 64,
  /** Delivered messages after which the peer is told: often enough that it never has to stop. */
  messagesPerDelivered: 16,
  /**
   * Chunks that are neither whole nor empty, in bytes: 96 chunks of 1 MiB. An honest sender goes
   * through its entries in order, so what is open fits its window of at most 64 MiB and its ends.
   */
  openBytes: 96 * 2 ** 20,
  /** What an open chunk, an entry or a page of sums that is not whole counts at least. */
  openFloorBytes: 1024,
  /**
   * Files of which the first chunk waits for the disk, before anything more is looked at: of tiny ones a
   * window of records may bring 300,000, each of which takes a hundred times its bytes once it is apart.
   */
  waitingFiles: 1024,
  /**
   * How many chunks of a stream a short one may be ahead of the first that is missing. An honest sender
   * makes ten a second at most, and sends again what was lost long before that many have followed.
   */
  shortAhead: 4096,
  /** Records that may wait for that: a window of 32 MiB brings 512 full ones, or many that are not. */
  waitingRecords: 16_384,
  /** Entries among which the files of one group are: what one frame may make us open. */
  groupEntries: 1024,
  /** Separate pieces of one chunk: records of 1,200 bytes leave at most half of 874 islands. */
  chunkIslands: 1024,
  /**
   * Chunk buffers kept for reuse: as many as a window of 32 MiB fills while a disk stands still, and
   * those that are open. Fewer would be made anew after each such moment, and the old ones lie about
   * until V8 looks for garbage, which it has little reason to.
   */
  pooledBuffers: 40,
  /** Bytes of smaller buffers that are kept: as many as one turn of the event loop brings, and more. */
  pooledSmallBytes: 4 * 2 ** 20,
} as const;

/** The size of a chunk, unless the sender says another power of two within these bounds. */
export const CHUNK_BYTES: number = 2 ** 20;
export const MIN_CHUNK_LOG = 10;
export const MAX_CHUNK_LOG = 20;

/** How many chunks `size` bytes make; the last may be shorter, and nothing makes none. */
export function chunkCount(size: number, chunkBytes: number): number {
  return Math.ceil(size / chunkBytes);
}
