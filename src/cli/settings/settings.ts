import { join } from 'node:path';
import { UsageError } from '../errors/usage-error.ts';
import type { Environment } from '../terminal/terminal.ts';
import { closest } from './closest.ts';
import { type Flag, type Flags, flagsOf, type Manual } from './manual.ts';

/** Arguments by the names of their flags. */
export interface Arguments {
  readonly [flag: string]: unknown;
  readonly json?: unknown;
  readonly quiet?: unknown;
  readonly verbose?: unknown;
}

/** A configuration file that has been read. */
export interface ConfigFile {
  readonly path: string;
  /** As they stand there, by key. */
  readonly values: Arguments;
}

const YES = new Set(['1', 'true', 'yes', 'on']);
const NO = new Set(['0', 'false', 'no', 'off']);

/** `P2PSHARE_RELAY_ONLY` for `relay-only`. */
export function environmentName(flag: string): string {
  return `P2PSHARE_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** Whether anything but the command line can say something about this command. */
export function hasSettings(manual: Manual): boolean {
  return Object.values(flagsOf(manual)).some(({ perRun }) => !perRun);
}

/** Every key of the configuration file, with its flag. */
export function configKeys(manuals: readonly Manual[]): Flags {
  const all = manuals.flatMap((manual) => Object.entries(flagsOf(manual)));
  return Object.fromEntries(all.filter(([, { perRun }]) => !perRun).sort(byName));
}

/**
 * The arguments of a command together with what the environment and the configuration file say: a flag
 * beats the environment, and that the file. Throws `UsageError`, which names the place.
 */
export function settle(
  given: Arguments,
  manual: Manual,
  { env, file }: { readonly env: Environment; readonly file: ConfigFile | undefined },
): Arguments {
  const settled: Record<string, unknown> = { ...given };
  const home = env.HOME || env.USERPROFILE;
  const sources = [
    (name: string, flag: Flag) => fromEnvironment(name, flag, env),
    (name: string, flag: Flag) => file && fromFile(name, flag, { ...file, home }),
  ];
  for (const source of sources) {
    const before = { ...settled };
    for (const [name, flag] of Object.entries(flagsOf(manual))) {
      if (flag.perRun || before[name] !== undefined) continue;
      // Who says the opposite in a place that counts for more has decided this as well.
      if (flag.opposes !== undefined && before[flag.opposes]) continue;
      const value = source(name, flag);
      if (value !== undefined) settled[name] = value;
    }
  }
  return settled;
}

/** A line for each key that nothing here is called. */
export function unknownKeys(file: ConfigFile, known: readonly string[]): string[] {
  return Object.keys(file.values)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const meant = closest(key, known);
      return `${JSON.stringify(key)} in ${file.path} is no setting${meant ? `; did you mean ${meant}?` : ''}`;
    });
}

/** A line for each variable of the environment that is nearly called as a setting, but not quite. */
export function mistypedVariables(env: Environment, known: readonly string[]): string[] {
  const names = known.map(environmentName);
  return Object.keys(env).flatMap((name) => {
    if (!name.startsWith(environmentName('')) || names.includes(name)) return [];
    const meant = closest(name, names);
    return meant === undefined ? [] : [`${name} is no setting; did you mean ${meant}?`];
  });
}

/** The value of a key as it came from a file or `config set`. Throws `UsageError`, with `place` in front. */
export function readValue(place: string, flag: Flag, value: unknown): unknown {
  if (flag.type === 'boolean') return readBoolean(place, value);
  if (flag.array) {
    const list = Array.isArray(value) ? value : [value];
    return list.map((item) => readText(place, flag, item));
  }
  return readText(place, flag, value);
}

function fromEnvironment(name: string, flag: Flag, env: Environment): unknown {
  const place = environmentName(name);
  const value = (env as Readonly<Record<string, string | undefined>>)[place]?.trim();
  if (value === undefined || value === '') return undefined;
  const items = value.split(',').map((item) => item.trim());
  return readValue(place, flag, flag.array ? items.filter((item) => item !== '') : value);
}

function fromFile(
  name: string,
  flag: Flag,
  { path, values, home }: ConfigFile & { readonly home: string | undefined },
): unknown {
  const value = values[name];
  if (value === undefined) return undefined;
  const read = readValue(`${name} in ${path}`, flag, value);
  // Elsewhere a shell has read it, and done this.
  const isAtHome = flag.isPath && typeof read === 'string' && read.startsWith('~/');
  return isAtHome && home ? join(home, read.slice(2)) : read;
}

function readBoolean(place: string, value: unknown): boolean {
  const word = String(value).toLowerCase();
  if (YES.has(word)) return true;
  if (NO.has(word)) return false;
  throw new UsageError(`${place} is neither true nor false`, 'write true or false');
}

function readText(place: string, { choices, check }: Flag, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new UsageError(`${place} is not a text`, 'write it in quotes');
  }
  const text = String(value);
  if (choices !== undefined && !choices.includes(text)) {
    throw new UsageError(`${place} is none of ${choices.join(', ')}`);
  }
  try {
    check?.(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${place}: ${error.message}`, error.hint);
  }
  return text;
}

function byName([a]: readonly [string, Flag], [b]: readonly [string, Flag]): number {
  return a < b ? -1 : 1;
}
