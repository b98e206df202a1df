import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { errnoOf } from '../files/file-errors.ts';

/** A list of patterns, and how many names of a path lead to the folder that it is about. */
interface Rules {
  readonly depth: number;
  readonly patterns: Ignore;
}

/**
 * What is left out of a folder, by patterns in the form of a `.gitignore`. Those of a folder count for
 * all that is below it, and more than those from above.
 */
export class SourceIgnore {
  readonly #rules: readonly Rules[];
  readonly #readsGitignore: boolean;

  private constructor(rules: readonly Rules[], readsGitignore: boolean) {
    this.#rules = rules;
    this.#readsGitignore = readsGitignore;
  }

  /** `exclude`: patterns that count in every folder that is sent. */
  static of({ exclude, gitignore }: { exclude: readonly string[]; gitignore: boolean }) {
    const rules = exclude.length === 0 ? [] : [{ depth: 0, patterns: ignore().add([...exclude]) }];
    return new SourceIgnore(rules, gitignore);
  }

  /** With the rules of the folder at this path below what was named; `names`: what it holds. */
  async enter(
    folder: string,
    below: readonly string[],
    names: readonly string[],
  ): Promise<SourceIgnore> {
    if (!this.#readsGitignore || !names.includes('.gitignore')) return this;
    const text = await readFile(join(folder, '.gitignore'), 'utf8').catch((error: unknown) => {
      // A folder of that name, or a link to nowhere.
      if (['EISDIR', 'ENOENT', 'ELOOP'].includes(errnoOf(error) ?? '')) return '';
      throw error;
    });
    const rules = { depth: below.length, patterns: ignore().add(text) };
    return new SourceIgnore([...this.#rules, rules], true);
  }

  /** Whether what is at this path below what was named is left out. */
  leavesOut(below: readonly string[], isFolder: boolean): boolean {
    let isOut = false;
    for (const { depth, patterns } of this.#rules) {
      const path = `${below.slice(depth).join('/')}${isFolder ? '/' : ''}`;
      const { ignored, unignored } = patterns.test(path);
      isOut = ignored || (isOut && !unignored);
    }
    return isOut;
  }
}
