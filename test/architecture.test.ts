import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

interface SourceFile {
  /** Relative to src/, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Without comments, and with the insides of strings gone. */
  readonly code: string;
  /** What it imports: paths relative to src/ for our own files, names for everything else. */
  readonly imports: readonly string[];
}

const FILES: readonly SourceFile[] = readdirSync(join(ROOT, 'src'), { recursive: true })
  .map((entry) => String(entry).split(sep).join('/'))
  .filter((path) => path.endsWith('.ts'))
  .map(readSource);

const PROTOCOL = FILES.filter(({ path }) => layerOf(path) === 'protocol');

/** What the files of a layer may import besides their own layer: `cli → client | server → io | crypto → protocol`. */
const BELOW: Readonly<Record<string, readonly RegExp[]>> = {
  'index.ts': [/^client\//, /^server\/serve\.ts$/, /^protocol\/errors\.ts$/],
  // A user of the library like any other: its public types, and what makes text fit to be shown.
  cli: [
    /^index\.ts$/,
    /^client\/api\/(diagnosis|events|options|resume-options|transfer-handle|unfinished-transfers)\.ts$/,
    // What a code is, too: a typo is to be seen before anything is sent.
    /^protocol\/(errors|display|handshake\/code)\.ts$/,
  ],
  client: [/^io\//, /^crypto\//, /^protocol\//],
  // The public option types live together.
  server: [/^client\/api\/options\.ts$/, /^io\//, /^crypto\//, /^protocol\//],
  io: [/^protocol\//],
  crypto: [/^protocol\//],
  protocol: [],
};

/** The parts of the protocol that know nothing of each other; `session/` joins them. */
const PARTS = [
  'handshake',
  'nat',
  'mapping',
  'path',
  'transport',
  'transfer',
  'rendezvous',
  'relay',
];

/** Where two parts do touch, and why. */
const CONTACTS: Readonly<Record<string, readonly string[]>> = {
  // Requests to the relay have the form of requests to the rendezvous.
  relay: ['protocol/rendezvous/message.ts'],
  // The tactics of punching are chosen by what NATs do.
  path: ['protocol/nat/nat-behavior.ts'],
  // It asks the server, in the form of requests to the rendezvous, and goes nowhere a path may not.
  nat: [
    'protocol/rendezvous/message.ts',
    'protocol/rendezvous/replies.ts',
    'protocol/rendezvous/requests.ts',
    'protocol/path/address-class.ts',
  ],
  // One entrance: the server is rendezvous and relay behind the same socket and address tokens.
  rendezvous: ['protocol/relay/relay-server.ts', 'protocol/relay/relay-limits.ts'],
};

/** What the parts of these folders use of each other; the empty name is a folder's root, which may use all. */
const TOUCHING: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  cli: {
    commands: ['', 'ask', 'code', 'errors', 'help', 'report', 'settings', 'terminal', 'words'],
    code: ['errors', 'report', 'terminal', 'words'],
    ask: ['errors', 'report', 'terminal', 'words'],
    report: ['errors', 'terminal', 'words'],
    help: ['settings'],
    settings: ['errors', 'terminal'],
    errors: ['words'],
    terminal: [],
    words: [],
  },
  client: {
    diagnosis: ['session', 'api'],
    receiving: ['session', 'tickets', 'attempts', 'api'],
    sending: ['source', 'session', 'tickets', 'attempts', 'api'],
    source: ['session'],
    session: ['attempts', 'api'],
    tickets: ['api'],
    attempts: ['api'],
    api: [],
  },
  io: {
    router: ['', 'network'],
    target: ['files'],
    source: ['files'],
    network: [],
    files: [],
    compression: [],
  },
  'protocol/transfer': {
    chunks: ['', 'messages', 'entries'],
    messages: ['', 'entries'],
    entries: [''],
  },
  'protocol/transport': { congestion: [] },
};

const PACKAGES: Readonly<Record<string, RegExp>> = {
  cli: /^(node:|yargs$|koffi$|ora$|cli-progress$|smol-toml$|uqr$)/,
  crypto: /^(node:|koffi$|@noble\/curves\/|xxhash-wasm$)/,
  io: /^(node:|koffi$|ws$|socks$|proxy-from-env$|sax$|default-gateway$|ignore$)/,
  client: /^node:/,
  server: /^node:/,
};

/**
 * What a pure state machine cannot have: clocks, timers, chance and the world. Biome bans most of
 * these too, but not `Math.random`, and its bans can be silenced by a comment.
 */
const IMPURE = [
  /\b(new Date|Date\.|Date\()/,
  /\b(performance|console|process|globalThis|Buffer|fetch)\b\s*[.([]/,
  /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/,
  /\bMath\.random\b/,
];

describe('imports', () => {
  it('go down', () => {
    const wrong = violations(FILES, ({ path, imports }) => {
      const layer = layerOf(path);
      return imports
        .filter((target) => target.endsWith('.ts') && layerOf(target) !== layer)
        .filter((target) => !BELOW[layer]?.some((rule) => rule.test(target)));
    });
    expect(wrong).toEqual([]);
  });

  it('are packages that the layer may use', () => {
    const wrong = violations(FILES, ({ path, imports }) =>
      imports
        .filter((target) => !target.endsWith('.ts'))
        .filter((name) => PACKAGES[layerOf(path)]?.test(name) !== true),
    );
    expect(wrong).toEqual([]);
  });

  it('do not tie the parts of the protocol together', () => {
    const wrong = violations(PROTOCOL, ({ path, imports }) => {
      const part = partOf(path);
      if (part === 'session') return [];
      return imports
        .filter((target) => layerOf(target) === 'protocol')
        .filter((target) => !['', 'wire', part].includes(partOf(target)))
        .filter((target) => !CONTACTS[part]?.includes(target));
    });
    expect(wrong).toEqual([]);
  });
});

describe.each(Object.entries(TOUCHING))('the parts of %s', (folder, touching) => {
  const files = FILES.filter(({ path }) => isIn(folder, path));

  it('are those that the rules know', () => {
    const parts = new Set(files.map(({ path }) => partOf(path, folder)));
    expect([...parts].sort()).toEqual(['', ...Object.keys(touching)].sort());
  });

  it('touch where the rules say so', () => {
    const wrong = violations(files, ({ path, imports }) => {
      const part = partOf(path, folder);
      if (part === '') return [];
      return imports
        .filter((target) => isIn(folder, target) && partOf(target, folder) !== part)
        .filter((target) => !touching[part]?.includes(partOf(target, folder)));
    });
    expect(wrong).toEqual([]);
  });
});

describe('the protocol', () => {
  it('has no clock, timer, chance or I/O', () => {
    const wrong = violations(PROTOCOL, ({ code }) =>
      IMPURE.flatMap((pattern) => pattern.exec(code)?.[0] ?? []),
    );
    expect(wrong).toEqual([]);
  });

  it('has only the parts that the rules know', () => {
    const parts = new Set(PROTOCOL.map(({ path }) => partOf(path)));
    expect([...parts].filter((part) => !['', 'wire', 'session', ...PARTS].includes(part))).toEqual(
      [],
    );
  });
});

describe('files', () => {
  it('are short: 300 lines, blank ones aside', () => {
    const lines = ({ text }: SourceFile) => text.match(/^.*\S.*$/gm)?.length ?? 0;
    expect(violations(FILES, (file) => (lines(file) > 300 ? [`${lines(file)}`] : []))).toEqual([]);
  });

  it('hold one class, or two that need each other', () => {
    const classes = ({ code }: SourceFile) => code.match(/^export (abstract )?class \w+/gm) ?? [];
    expect(violations(FILES, (file) => classes(file).slice(2))).toEqual([]);
  });

  it('are finished', () => {
    expect(violations(FILES, ({ text }) => text.match(/\b(TODO|FIXME|XXX|HACK)\b/g) ?? [])).toEqual(
      [],
    );
  });

  it('are named after what they own', () => {
    expect(
      violations(FILES, ({ path }) => path.match(/util|helper|manager|common|misc/g) ?? []),
    ).toEqual([]);
  });

  it('are seen by this test, and so are their imports', () => {
    expect(FILES.find(({ path }) => path === 'protocol/machine.ts')?.imports).toEqual([
      'protocol/time.ts',
      'protocol/wire/endpoint.ts',
    ]);
    expect(FILES.find(({ path }) => path === 'cli/main.ts')?.imports).toEqual(
      expect.arrayContaining(['node:process', 'index.ts', 'protocol/display.ts']),
    );
  });
});

describe('the rules', () => {
  it.each([
    'const now = Date.now();',
    'setTimeout(run, 5);',
    'const x = Math.random();',
    'process.exit(1)',
    'Buffer.from("a")',
    'console.log(1)',
  ])('see what is impure in %s', (line) => {
    expect(IMPURE.some((pattern) => pattern.test(withoutWords(line)))).toBe(true);
  });

  it.each([
    '// Date.now() is not read here',
    "throw new Error('process.exit');",
    '/* console.log */',
  ])('do not mistake words for code in %s', (line) => {
    expect(IMPURE.some((pattern) => pattern.test(withoutWords(line)))).toBe(false);
  });
});

function violations(
  files: readonly SourceFile[],
  findIn: (file: SourceFile) => readonly string[],
): string[] {
  return files.flatMap((file) => findIn(file).map((found) => `${file.path}: ${found}`));
}

/** `protocol` for protocol/transport/pacer.ts; a file at the root is a layer of its own. */
function layerOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** `transport` for protocol/transport/pacer.ts in protocol, empty for the files at the root. */
function partOf(path: string, folder: string = layerOf(path)): string {
  const [part = '', rest] = path.slice(folder.length + 1).split('/');
  return rest === undefined ? '' : part;
}

function isIn(folder: string, path: string): boolean {
  return path.startsWith(`${folder}/`);
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, 'src', path), 'utf8');
  return { path, text, code: withoutWords(text), imports: importsOf(path, text) };
}

function importsOf(path: string, text: string): string[] {
  const found = text.matchAll(
    /(?:^(?:import|export)\b[^'";]*?from |^import |\bimport\()'([^']+)'/gm,
  );
  return [...found].map(([, name = '']) =>
    name.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), name)) : name,
  );
}

/** Comments and the insides of strings are words, not code. */
function withoutWords(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'/g, (token) =>
    token.startsWith("'") ? "''" : '',
  );
}
