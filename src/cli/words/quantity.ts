const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `12 B`, `3.4 MB`: decimal units, as disks and networks are sold. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`;
  let value = bytes;
  let unit = -1;
  // 999.95 would be shown as 1000.0 and is better shown in the next unit.
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** `3.4 MB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** A span that is over: `0.4 s`, then `2:05`, then `1:02:05`. */
export function formatSpan(ms: number): string {
  return ms < 59_950 ? `${(ms / 1_000).toFixed(1)} s` : formatClock(ms);
}

/** A span still to come: `0:07`, `2:05`, `1:02:05`. */
export function formatClock(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const tail = two(seconds % 60);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${tail}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${tail}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `1 file`, `12,345 files` */
export function formatCount(count: number, what: string): string {
  // What the language has for it reads its tables first, for 20 ms.
  const digits = String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
  return `${digits} ${what}${count === 1 ? '' : 's'}`;
}

/** How much there is of something that is offered; a single file is not counted. */
export function formatContent(offer: { entries: number; bytes: number | null }): string {
  const { entries, bytes } = offer;
  if (bytes === null) return 'a stream';
  const size = formatBytes(bytes);
  return entries === 1 ? size : `${formatCount(entries, 'item')}, ${size}`;
}
