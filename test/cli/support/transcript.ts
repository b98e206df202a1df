/**
 * A transcript is what a person would see, written down and run again. One file holds many:
 *
 *     == claim, the title of the test
 *     tty                          stdin and stderr are a terminal (default: nothing is)
 *     env NAME=VALUE
 *     real                         the library is the real one
 *     type TEXT                    one line on stdin
 *     waits                        stdin does not end behind that (default: it does)
 *     file NAME CONTENT            exists in the working folder $DIR beforehand
 *     $ p2pshare …                 the command line; words are split at spaces
 *     > event {…}                  the library emits this
 *     > ask {…}                    the library asks for a decision about this offer
 *     > verify WORD…               the library asks whether these words are the same there
 *     > withdraw {…}               the library asks, and does not want to know any more
 *     > signal SIGINT              the process gets a signal
 *     > hang-up                    nobody reads stdout any more
 *     > found {…}                  the library's diagnosis is this, or the unfinished transfers are
 *     > until-aborted              the library waits for the abort and ends with P2P_CANCELLED
 *     > fail P2P_… TEXT            the library ends with this error; `by peer`: the other side told us
 *     called send {…}              what the library was called with (absent: not called)
 *     decided {…}                  what the library was answered
 *     exit 0
 *     stdout                       indented lines follow; absent: empty
 *       …
 *     stderr
 *       …
 *     left NAME CONTENT            is in $DIR afterwards; \n stands for a line break
 *     absent NAME                  is not
 */
export interface Transcript {
  readonly title: string;
  readonly tty: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly real: boolean;
  readonly typed: readonly string[];
  readonly waits: boolean;
  readonly files: readonly NamedContent[];
  readonly argv: readonly string[];
  readonly script: readonly LibraryStep[];
  readonly called: string | undefined;
  readonly decided: string | undefined;
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly left: readonly NamedContent[];
  readonly absent: readonly string[];
}

export interface NamedContent {
  readonly name: string;
  readonly content: string;
}

export interface LibraryStep {
  readonly verb: string;
  readonly rest: string;
}

export function parseTranscripts(text: string): Transcript[] {
  return text
    .split(/^== /m)
    .slice(1)
    .map((part) => parseTranscript(part));
}

function parseTranscript(text: string): Transcript {
  const [title = '', ...lines] = text.split('\n');
  const directives = parseDirectives(lines);
  const all = (name: string) => directives.filter((directive) => directive.name === name);
  const first = (name: string) => all(name)[0];
  const named = (name: string) => all(name).map(({ rest }) => nameAndContent(rest));
  return {
    title,
    tty: first('tty') !== undefined,
    real: first('real') !== undefined,
    env: Object.fromEntries(all('env').map(({ rest }) => splitAt(rest, '='))),
    typed: all('type').map(({ rest }) => rest),
    waits: first('waits') !== undefined,
    files: named('file'),
    argv: (first('$')?.rest ?? '').split(' ').slice(1),
    script: all('>').map(({ rest }) => {
      const [verb, tail] = splitAt(rest, ' ');
      return { verb, rest: tail };
    }),
    called: first('called')?.rest,
    decided: first('decided')?.rest,
    exit: Number(first('exit')?.rest),
    stdout: first('stdout')?.block ?? '',
    stderr: first('stderr')?.block ?? '',
    left: named('left'),
    absent: all('absent').map(({ rest }) => rest),
  };
}

const NAMES = new Set(
  [
    'tty real env type waits file $ > called decided exit stdout stderr left absent'.split(' '),
  ].flat(),
);

interface Directive {
  readonly name: string;
  readonly rest: string;
  block: string;
}

function parseDirectives(lines: readonly string[]): Directive[] {
  const directives: Directive[] = [];
  for (const line of lines) {
    const last = directives.at(-1);
    if (line.startsWith('#') || (line === '' && last?.block === '')) continue;
    if (line === '' || line.startsWith('  ')) {
      if (last !== undefined) last.block += `${line.slice(2)}\n`;
      continue;
    }
    const [name, rest] = splitAt(line, ' ');
    if (!NAMES.has(name)) throw new Error(`no such directive: ${line}`);
    directives.push({ name, rest, block: '' });
  }
  // Blank lines between directives belong to neither; within a block they do.
  for (const directive of directives) directive.block = directive.block.replace(/\n+$/, '\n');
  return directives;
}

function nameAndContent(rest: string): NamedContent {
  const [name, content] = splitAt(rest, ' ');
  return { name, content };
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
