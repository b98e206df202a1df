import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { display } from '../../protocol/display.ts';
import { UsageError } from '../errors/usage-error.ts';
import { didYouMean } from '../settings/closest.ts';
import { changeConfig, configPath, makeFolderOf, readConfig } from '../settings/config-file.ts';
import type { Flag, Flags, Manual } from '../settings/manual.ts';
import { configKeys, readValue, unknownKeys } from '../settings/settings.ts';
import type { Environment } from '../terminal/terminal.ts';
import { type CommandContext, command } from './command.ts';
import { CAUSES_FLAG } from './flags.ts';

const VERBS = ['get', 'set', 'unset', 'path', 'edit'] as const;
const VALUE_COLUMNS = 400;

const MANUAL: Manual = {
  name: 'config',
  operands: [
    { name: 'DO', choices: VERBS, describe: 'One of get, set, unset, path and edit' },
    { name: 'KEY', optional: true, describe: 'A setting: the name of a flag without its dashes' },
    { name: 'VALUE', many: true, optional: true, describe: 'What it is to be; a list has several' },
  ],
  summary: 'Show and change what is set for good',
  about: [
    'Settings are flags that hold for every run. They are kept in a TOML file, one key to a line; path says where. A flag on the command line beats the environment (P2PSHARE_LIMIT for --limit), and that beats the file.',
    'get without a key shows what is set, and set checks a value before it writes it. edit opens the file in $VISUAL or $EDITOR.',
  ],
  groups: [{ title: 'Output', flags: { verbose: { ...CAUSES_FLAG, perRun: true } } }],
  examples: [
    { command: 'p2pshare config set server relay.example', what: 'The server to use from now on' },
    { command: 'p2pshare config set out ~/Downloads', what: 'Where files go' },
    { command: 'p2pshare config get', what: 'All that is set' },
    { command: 'p2pshare config unset server', what: 'As if it had never been set' },
  ],
};

interface ConfigArguments {
  readonly DO: string | undefined;
  readonly KEY: string | undefined;
  readonly VALUE: readonly string[] | undefined;
}

/** `p2pshare config DO [KEY [VALUE...]]` */
export const CONFIG = command<ConfigArguments>(MANUAL, config);

async function config(args: ConfigArguments, context: CommandContext): Promise<void> {
  const path = requirePath(context.terminal.env);
  const keys = configKeys(context.manuals);
  const { DO: verb, KEY: key, VALUE: values = [] } = args;
  switch (verb) {
    case 'get':
      return await get(path, key, { keys, context });
    case 'set':
      return await set(path, requireKey(key, keys), values);
    case 'unset':
      return await changeConfig(path, requireKey(key, keys).name, undefined);
    case 'path':
      context.terminal.stdout.write(`${path}\n`);
      return;
    case 'edit':
      return await edit(path, { keys, context });
    default:
      throw new UsageError(
        verb === undefined ? 'say what to do' : `config cannot ${verb}`,
        `it can ${VERBS.join(', ')}`,
      );
  }
}

interface Keys {
  readonly keys: Flags;
  readonly context: CommandContext;
}

async function get(path: string, key: string | undefined, { keys, context }: Keys): Promise<void> {
  const { stdout } = context.terminal;
  const file = await readConfig(path);
  if (key !== undefined) {
    const value = file?.values[requireKey(key, keys).name];
    if (value === undefined)
      throw new UsageError(`${key} is not set`, `p2pshare config set ${key}`);
    const lines = Array.isArray(value) ? value : [value];
    for (const line of lines) stdout.write(`${display(String(line), VALUE_COLUMNS)}\n`);
    return;
  }
  for (const [name, value] of Object.entries(file?.values ?? {})) {
    if (!(name in keys)) continue;
    stdout.write(`${name} = ${display(JSON.stringify(value), VALUE_COLUMNS)}\n`);
  }
  warn({ keys, context }, file);
}

async function set(
  path: string,
  { name, flag }: { readonly name: string; readonly flag: Flag },
  values: readonly string[],
): Promise<void> {
  const [first, second] = values;
  if (first === undefined) throw new UsageError('say what it is to be', `config set ${name} VALUE`);
  if (second !== undefined && !flag.array) throw new UsageError(`${name} takes one value`);
  const value = readValue(name, flag, flag.array ? values : first);
  await changeConfig(path, name, value as string | boolean | string[]);
}

async function edit(path: string, { keys, context }: Keys): Promise<void> {
  const { VISUAL, EDITOR } = context.terminal.env;
  const editor = VISUAL || EDITOR || (process.platform === 'win32' ? 'notepad' : 'vi');
  await makeFolderOf(path);
  // As git has it: the variable may hold arguments, so that a shell has to read it.
  const child =
    process.platform === 'win32'
      ? spawn(`${editor} "${path}"`, { stdio: 'inherit', shell: true })
      : spawn('sh', ['-c', `${editor} "$@"`, editor, path], { stdio: 'inherit' });
  const [status] = await once(child, 'close').catch((error: unknown) => {
    throw new UsageError('the editor cannot be started', 'set EDITOR', 'P2P_USAGE', {
      cause: error,
    });
  });
  if (status !== 0) throw new UsageError(`${editor} ended with ${status}`, 'set EDITOR to another');
  warn({ keys, context }, await readConfig(path));
}

function warn({ keys, context }: Keys, file: Awaited<ReturnType<typeof readConfig>>): void {
  if (file === undefined) return;
  for (const line of unknownKeys(file, Object.keys(keys))) {
    context.terminal.stderr.write(`p2pshare: warning: ${display(line, VALUE_COLUMNS)}\n`);
  }
}

function requirePath(env: Environment): string {
  const path = configPath(env);
  if (path !== undefined) return path;
  throw new UsageError('there is no place for settings', 'set HOME or XDG_CONFIG_HOME');
}

function requireKey(
  name: string | undefined,
  keys: Flags,
): { readonly name: string; readonly flag: Flag } {
  const names = Object.keys(keys);
  if (name === undefined) throw new UsageError('say which setting', `one of ${names.join(', ')}`);
  const flag = keys[name];
  if (flag !== undefined) return { name, flag };
  const hint = didYouMean(name, names, `there are ${names.join(', ')}`);
  throw new UsageError(`${display(name, 60)} is no setting`, hint);
}
