import { mkdir, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { TomlPrimitive } from 'smol-toml';
import { UsageError } from '../errors/usage-error.ts';
import { readStart } from '../terminal/read-start.ts';
import { replaceFile } from '../terminal/replace-file.ts';
import type { Environment } from '../terminal/terminal.ts';
import type { ConfigFile } from './settings.ts';

/** Far more than all settings together take. */
const MAX_BYTES = 64 * 1024;

/**
 * Where settings are kept: `$P2PSHARE_CONFIG`, or `p2pshare/config.toml` in the user's configuration
 * folder (XDG Base Directory Specification 0.8); `undefined` where no home is known.
 */
export function configPath(
  { P2PSHARE_CONFIG, XDG_CONFIG_HOME, HOME, APPDATA }: Environment,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  if (P2PSHARE_CONFIG !== undefined && P2PSHARE_CONFIG !== '') return P2PSHARE_CONFIG;
  // The specification has relative paths ignored.
  const folder = [
    XDG_CONFIG_HOME,
    platform === 'win32' ? APPDATA : undefined,
    HOME && join(HOME, '.config'),
  ].find((path) => path !== undefined && isAbsolute(path));
  return folder && join(folder, 'p2pshare', 'config.toml');
}

/** The file at `path`; `undefined` when there is none. Throws `UsageError` where it cannot be used. */
export async function readConfig(path: string): Promise<ConfigFile | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : { path, values: await parse(path, text) };
}

/** Writes a key, or takes it away, and leaves everything else in the file as it is. */
export async function changeConfig(
  path: string,
  key: string,
  value: TomlPrimitive | undefined,
): Promise<void> {
  const { stringify } = await import('smol-toml');
  const before = (await readText(path)) ?? '';
  const { [key]: _, ...others } = await parse(path, before);
  const line = value === undefined ? '' : stringify({ [key]: value });
  const changed = withLine(before, key, line);
  const wanted = value === undefined ? others : { ...others, [key]: value };
  // What spans several lines is no line to replace: then the whole file is written anew.
  const isSo = await parse(path, changed).then(
    (values) => stringify(sorted(values)) === stringify(sorted(wanted)),
    () => false,
  );
  await makeFolderOf(path);
  // People keep their settings elsewhere, and a link to them here.
  const place = await realpath(path).catch(() => path);
  await replaceFile(place, isSo ? changed : stringify(wanted)).catch(cannotBe('written', path));
}

/** Makes the folder of the file and the one above, `~/.config`, and no more: a home is not made up. */
export async function makeFolderOf(path: string): Promise<void> {
  const folder = dirname(path);
  for (const one of [dirname(folder), folder]) {
    await mkdir(one).catch((cause: NodeJS.ErrnoException) => {
      // Where one cannot be made because it is not ours to make, it may be there.
      if (cause.code !== 'EEXIST' && one === folder) cannotBe('written', path)(cause);
    });
  }
}

async function readText(path: string): Promise<string | undefined> {
  const text = await readStart(path, MAX_BYTES + 1).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
    return cannotBe('read', path)(cause);
  });
  if (text === undefined || text.length <= MAX_BYTES) return text;
  throw new UsageError(`${path} is too large`, 'it has nothing but settings, one to a line');
}

function cannotBe(done: 'read' | 'written', path: string) {
  return (cause: NodeJS.ErrnoException): never => {
    const message = `${path} cannot be ${done} (${cause.code ?? cause.message})`;
    const hint = `check that ${done === 'read' ? 'it' : 'its folder'} is there, and open to you`;
    throw new UsageError(message, hint, 'P2P_USAGE', { cause });
  };
}

async function parse(path: string, text: string): Promise<Record<string, unknown>> {
  const { parse: parseToml, TomlError } = await import('smol-toml');
  try {
    return parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new UsageError(
      `line ${error.line} of ${path} is not TOML`,
      'write settings as: key = "value"; p2pshare config edit opens the file',
      'P2P_USAGE',
      { cause: error },
    );
  }
}

function withLine(text: string, key: string, line: string): string {
  const own = new RegExp(`^[ \\t]*${key}[ \\t]*=.*(?:\\n|$)`, 'm');
  const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  const full = line === '' ? '' : `${line.trim()}\n`;
  return own.test(ended) ? ended.replace(own, () => full) : ended + full;
}

function sorted(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}
