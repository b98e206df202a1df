import { once } from 'node:events';

/** What somebody answers; `undefined` when everything was `over` before they did. */
export async function answer<T>(asked: Promise<T>, over: AbortSignal): Promise<T | undefined> {
  const answered = await Promise.race([asked, aborted(over)]);
  return over.aborted ? undefined : answered;
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
}
