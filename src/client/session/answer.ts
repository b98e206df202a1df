import { once } from 'node:events';
import type { Decision, Offer, ReceiveOptions } from '../api/options.ts';

/** What is decided on an offer; `undefined` when the session was `over` before that. */
export async function decided(
  { decide = async () => ({ accept: true }) }: Pick<ReceiveOptions, 'decide'>,
  offer: Offer,
  over: AbortSignal,
): Promise<Decision | undefined> {
  return await answer(decide(offer, over), over);
}

/** What somebody answers; `undefined` when everything was `over` before they did. */
export async function answer<T>(asked: Promise<T>, over: AbortSignal): Promise<T | undefined> {
  const answered = await Promise.race([asked, aborted(over)]);
  return over.aborted ? undefined : answered;
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
}
