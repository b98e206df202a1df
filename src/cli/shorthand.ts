import { parseCode } from '../protocol/handshake/code.ts';
import { COMMANDS } from './commands.ts';
import { UsageError } from './errors/usage-error.ts';
import { didYouMean } from './settings/closest.ts';
import { flagsOf } from './settings/manual.ts';

const NAMES = COMMANDS.flatMap(({ manual }) => [manual.name, ...(manual.aliases ?? [])]);
const FLAGS = COMMANDS.flatMap(({ manual }) => Object.entries(flagsOf(manual)));
const TAKES_VALUE = new Set(
  FLAGS.filter(([, { type }]) => type === 'string').flatMap(([name, { alias }]) =>
    alias === undefined ? [`--${name}`] : [`--${name}`, `-${alias}`],
  ),
);
/** What a number at the front makes of an operand, even of one with a typo in it. */
const LIKE_A_CODE = /^[1-9][0-9]{3,5}(?![0-9A-Za-z.])/;

/** Where the first argument is that is neither a flag nor the value of one. */
export function firstOperand(argv: readonly string[]): number | undefined {
  for (let at = 0; at < argv.length; at += 1) {
    const argument = argv[at] as string;
    if (argument === '--') return at + 1 < argv.length ? at + 1 : undefined;
    if (argument === '-' || !argument.startsWith('-')) return at;
    if (takesNext(argument)) at += 1;
  }
  return undefined;
}

/** Whether the argument behind this one is its value; `-yo` is `-y -o`. */
export function takesNext(argument: string): boolean {
  const last = /^-[A-Za-z]+$/.test(argument) ? `-${argument.at(-1)}` : argument;
  return TAKES_VALUE.has(last);
}

/**
 * The command line with its command in front: `p2pshare FILE` sends, `p2pshare CODE` receives. Throws
 * `UsageError` where it could be either, or is neither.
 */
export function withCommand(
  argv: readonly string[],
  exists: (path: string) => boolean,
): readonly string[] {
  const at = firstOperand(argv);
  const first = at === undefined ? undefined : argv[at];
  if (at === undefined || first === undefined || NAMES.includes(first)) return argv;
  const isCode = parseCode(argv.slice(at).join(' ')).kind === 'code';
  if (first === '-') return ['send', ...argv];
  if (exists(first)) {
    if (!isCode) return ['send', ...argv];
    throw new UsageError(
      `${first} is a file here, and a code`,
      'say which it is: p2pshare send FILE, or p2pshare receive CODE',
    );
  }
  if (isCode || LIKE_A_CODE.test(first)) return ['receive', ...argv];
  throw new UsageError(
    `${first} is no command, no file that is here, and no code`,
    didYouMean(first, NAMES, 'p2pshare --help shows what there is'),
  );
}
