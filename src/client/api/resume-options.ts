import type { CommonOptions, ReceiveOptions } from './options.ts';

/** What `resume` goes on with. */
export interface ResumeOptions extends Pick<CommonOptions, 'timeoutMs' | 'signal'> {
  readonly stateFolder: string;
  /** Which transfer: the only one that can go on, when absent. */
  readonly id?: string;
  /** As for `receive`; asked where the offer is another than was accepted before, which declines without it. */
  readonly decide?: NonNullable<ReceiveOptions['decide']>;
}
