import { type Flag, flagsOf, type Manual, operandUsage } from '../settings/manual.ts';
import { environmentName } from '../settings/settings.ts';

const WIDEST = 80;
/** Where descriptions begin; on a narrow terminal they get lines of their own. */
const DESCRIPTION_COLUMN = 26;
const NARROW = 60;
const INDENT = '  ';

/** `p2pshare --help` */
export function overviewPage(manuals: readonly Manual[], columns: number | undefined): string {
  const width = widthOf(columns);
  return page([
    wrap('p2pshare: files straight from one machine to another, end-to-end encrypted', width),
    section('Usage', [
      ...entry('p2pshare send PATH...', 'Prints a code', width),
      ...entry('p2pshare receive CODE', 'On the other machine', width),
      '',
      ...wrap('Without a command, files are sent and a code is received.', width, INDENT),
    ]),
    section(
      'Commands',
      manuals.flatMap((manual) => {
        const names = [manual.name, ...(manual.aliases ?? [])].join(', ');
        return entry(names, manual.summary, width);
      }),
    ),
    section('Options', [
      ...entry('-h, --help', 'Show the page of a command, or this one', width),
      ...entry('    --version', 'Show the version', width),
    ]),
    wrap(
      'p2pshare help COMMAND shows the flags of a command, and examples; p2pshare help P2P_TIMEOUT says what an error of that name means.',
      width,
    ),
  ]);
}

/** `p2pshare COMMAND --help` */
export function commandPage(manual: Manual, columns: number | undefined): string {
  const width = widthOf(columns);
  const operands = manual.operands ?? [];
  return page([
    wrap(`p2pshare ${manual.name}: ${lowerFirst(manual.summary)}`, width),
    section('Usage', wrap(usageOf(manual), width, INDENT)),
    ...manual.about.map((paragraph) => wrap(paragraph, width)),
    ...(operands.length === 0
      ? []
      : [
          section(
            'Operands',
            operands.flatMap((one) => entry(one.name, one.describe, width)),
          ),
        ]),
    ...manual.groups.map(({ title, flags }) =>
      section(
        title,
        Object.entries(flags).flatMap(([name, flag]) =>
          entry(flagHead(name, flag), flag.describe, width),
        ),
      ),
    ),
    section(
      'Examples',
      manual.examples.flatMap(({ command, what }) => [
        ...wrap(`${what}:`, width, INDENT),
        ...wrap(command, width, `${INDENT}${INDENT}`),
      ]),
    ),
    ...settingsNote(manual, width),
  ]);
}

/** Nothing but paragraphs. */
export function paragraphsPage(paragraphs: readonly string[], columns: number | undefined): string {
  return page(paragraphs.map((paragraph) => wrap(paragraph, widthOf(columns))));
}

/** `p2pshare send [FLAG...] PATH...` */
export function usageOf({ name, operands = [] }: Manual): string {
  return ['p2pshare', name, '[FLAG...]', ...operands.map(operandUsage)].join(' ');
}

/** `-o, --out DIR` */
export function flagHead(name: string, { alias, value }: Flag): string {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return alias === undefined ? `    ${long}` : `-${alias}, ${long}`;
}

function settingsNote(manual: Manual, width: number): string[][] {
  const lasting = Object.entries(flagsOf(manual)).find(([, { perRun, value }]) => !perRun && value);
  if (lasting === undefined) return [];
  const [name] = lasting;
  const text = `Flags can also be set in the environment (${environmentName(name)}) and for good (p2pshare config set ${name} ...); --FLAG=false turns one off again.`;
  return [wrap(text, width)];
}

function widthOf(columns: number | undefined): number {
  return Math.min(columns || WIDEST, WIDEST);
}

function page(parts: readonly (readonly string[])[]): string {
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  return [`${title}:`, ...lines];
}

function entry(head: string, description: string, width: number): string[] {
  if (width < NARROW) return [`${INDENT}${head}`, ...wrap(description, width, INDENT.repeat(3))];
  const lines = wrap(description, width, ' '.repeat(DESCRIPTION_COLUMN));
  const start = `${INDENT}${head}`;
  if (start.length + 2 > DESCRIPTION_COLUMN) return [start, ...lines];
  const [first = '', ...rest] = lines;
  return [start + first.slice(start.length), ...rest];
}

/** Lines of at most `width` columns, each after `indent`; a word that is wider stands alone. */
function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    const isFirst = line === indent;
    if (!isFirst && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
