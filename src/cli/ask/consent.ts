import type { ConflictPolicy, Decision, Offer } from '../../client/api/options.ts';
import { display } from '../../protocol/display.ts';
import type { Reporter } from '../report/reporter.ts';
import { formatContent } from '../words/quantity.ts';
import type { Prompt } from './prompt.ts';

const NAME_COLUMNS = 60;
const PATH_COLUMNS = 200;

const CONFLICT_ANSWERS: Readonly<Record<string, ConflictPolicy>> = {
  s: 'skip',
  skip: 'skip',
  r: 'rename',
  rename: 'rename',
  o: 'overwrite',
  overwrite: 'overwrite',
};

/** Gets the receiving person's consent: to the file, and to what happens to one that exists. */
export class Consent {
  readonly #prompt: Prompt;
  readonly #reporter: Reporter;
  readonly #policy: { readonly yes: boolean; readonly onConflict: string };

  constructor(
    prompt: Prompt,
    reporter: Reporter,
    policy: { readonly yes: boolean; readonly onConflict: string },
  ) {
    this.#prompt = prompt;
    this.#reporter = reporter;
    this.#policy = policy;
  }

  /** `withdrawn` is aborted when the answer does not matter any more. */
  async decide(offer: Offer, withdrawn: AbortSignal): Promise<Decision> {
    this.#reporter.pause();
    try {
      return await this.#ask(offer, withdrawn);
    } finally {
      this.#reporter.resume();
    }
  }

  async #ask(offer: Offer, withdrawn: AbortSignal): Promise<Decision> {
    if (!(await this.#accepts(offer, withdrawn))) return { accept: false };
    if (!offer.exists || this.#policy.onConflict !== 'ask') return { accept: true };
    return { accept: true, onConflict: await this.#resolveConflict(offer, withdrawn) };
  }

  /** Only a clear yes is one: Enter alone, end of input and anything else decline. */
  async #accepts(offer: Offer, withdrawn: AbortSignal): Promise<boolean> {
    const name = display(offer.name, NAME_COLUMNS);
    const summary = `${name} (${formatContent(offer)}) to ${placeOf(offer)}`;
    if (this.#policy.yes) {
      this.#reporter.note(`receiving ${summary}`);
      return true;
    }
    return isYes(await this.#prompt.ask(`receive ${summary}? [y/N] `, withdrawn));
  }

  async #resolveConflict(offer: Offer, withdrawn: AbortSignal): Promise<ConflictPolicy> {
    const path = display(offer.destination, PATH_COLUMNS);
    const answer = await this.#prompt.ask(
      `${path} exists: (s)kip, (r)ename, (o)verwrite, or Enter to stop? `,
      withdrawn,
    );
    return CONFLICT_ANSWERS[(answer ?? '').toLowerCase()] ?? 'fail';
  }
}

/** Where it would go, in words. */
function placeOf({ destination }: Offer): string {
  return destination === '-' ? 'standard output' : display(destination, PATH_COLUMNS);
}

function isYes(answer: string | undefined): boolean {
  return /^y(es)?$/i.test(answer ?? '');
}
