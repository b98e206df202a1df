// docs/recording.svg: a real transfer between two terminals on this machine, as it looked. What moves is
// one picture after another, by CSS alone, so that it plays wherever an SVG is shown.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import headless from '@xterm/headless';

const ROOT = join(import.meta.dirname, '..');
const CLI = join(ROOT, 'bin', 'p2pshare.js');
const OUTPUT = join(ROOT, 'docs', 'recording.svg');
const [COLUMNS, ROWS] = [86, 10];
const [CELL_WIDTH, LINE_HEIGHT, FONT_SIZE, MARGIN] = [8.4, 18, 14, 14];
const TITLE_HEIGHT = 26;
/** Pictures closer to each other than this are one. */
const FRAME_MS = 100;
const LAST_FRAME_MS = 5000;
const PATIENCE_MS = 30_000;

const folder = mkdtempSync(join(tmpdir(), 'rec-'));
const began = performance.now();
const screens = [];
async function record() {
  const name = 'holiday.mp4';
  writeFileSync(join(folder, name), Buffer.alloc(48_000_000, 'frames of a film'));
  const sender = new Screen('one terminal');
  const receiver = new Screen('another one');
  await sender.run('send', name);
  const [, code] = await sender.shows(/receive (\d+-[a-z-]+)/);
  await receiver.run('receive', '-o', 'there', code);
  await receiver.shows(/\[y\/N\]/);
  await pause(600);
  receiver.type('y\r');
  await Promise.all([sender.end(), receiver.end()]);
}

class Screen {
  title;
  frames = [];
  child;
  #terminal = new headless.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  #at = 0;

  constructor(title) {
    this.title = title;
    screens.push(this);
    this.#snap();
  }

  /** Types the command, as somebody would, and starts it. */
  async run(...args) {
    const line = `$ p2pshare ${args.join(' ')}`;
    for (const sign of line) {
      await this.#write(sign);
      if (line.length < 60) await pause(35);
    }
    await this.#write('\r\n');
    const command = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ');
    this.child = spawn(
      'script',
      ['-qefc', `mkdir -p there; stty cols ${COLUMNS} rows ${ROWS}; exec ${command}`, '/dev/null'],
      {
        cwd: folder,
        env: {
          ...process.env,
          TERM: 'xterm',
          SHELL: '/bin/sh',
          XDG_STATE_HOME: join(folder, 'state'),
          P2PSHARE_CONFIG: '/dev/null',
          P2PSHARE_LIMIT: '12MB/s',
        },
      },
    );
    this.child.stdout.on('data', (bytes) => void this.#write(bytes));
  }

  async shows(pattern) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const found = pattern.exec(
        this.#lines()
          .map(({ text }) => text)
          .join('\n'),
      );
      if (found) return found;
      await once(this.child.stdout, 'data', { signal }).catch(() => {
        throw new Error(`not shown: ${pattern}\n${JSON.stringify(this.#lines())}`);
      });
      await pause(10);
    }
  }

  type(keys) {
    this.child.stdin.write(keys);
  }

  async end() {
    if (this.child.exitCode === null) await once(this.child, 'close');
    if (this.child.exitCode !== 0)
      throw new Error(`${this.title} ended with ${this.child.exitCode}`);
    this.#snap();
  }

  #write(data) {
    return new Promise((resolve) => {
      this.#terminal.write(data, () => {
        if (performance.now() - this.#at >= FRAME_MS) this.#snap();
        resolve();
      });
    });
  }

  #snap() {
    this.#at = performance.now();
    this.frames.push({ ms: this.#at - began, lines: this.#lines() });
  }

  /** What is on the screen, without the folder of this machine. */
  #lines() {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: ROWS }, (_, row) => {
      const line = active.getLine(active.viewportY + row);
      const text = line.translateToString(true).replaceAll(`${folder}/`, '');
      return { text, isCyan: line.getCell(0)?.getFgColor() === 6 };
    });
  }
}

try {
  await record();
  writeFileSync(OUTPUT, picture());
  console.log(`${OUTPUT}`);
} finally {
  for (const screen of screens) screen.child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

function picture() {
  const width = Math.ceil(COLUMNS * CELL_WIDTH + 2 * MARGIN);
  const height = TITLE_HEIGHT + ROWS * LINE_HEIGHT + MARGIN;
  const total =
    Math.max(...screens.flatMap(({ frames }) => frames.map(({ ms }) => ms))) + LAST_FRAME_MS;
  const panels = screens.map((screen, index) => panel(screen, { index, width, height, total }));
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${width} ${2 * height + 8}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="${FONT_SIZE}">
<title>p2pshare sends a file from one terminal to another</title>
<style>text { fill: #d6deeb; white-space: pre } .title { fill: #7f8c98; font-size: 12px } .spin { fill: #4ec9d6 } g.f { visibility: hidden }
${panels.map(({ css }) => css).join('\n')}</style>
${panels.map(({ svg }) => svg).join('\n')}
</svg>
`;
}

function panel({ title, frames }, { index, width, height, total }) {
  const changes = frames.filter(
    ({ lines }, at) => at === 0 || JSON.stringify(lines) !== JSON.stringify(frames[at - 1].lines),
  );
  const css = [];
  const groups = changes.map(({ ms, lines }, at) => {
    const from = ((100 * ms) / total).toFixed(3);
    const next = changes[at + 1];
    const to = next === undefined ? '100' : ((100 * next.ms) / total).toFixed(3);
    const name = `s${index}f${at}`;
    const before = at === 0 ? '' : '0% { visibility: hidden } ';
    const after = next === undefined ? '' : `${to}% { visibility: hidden } `;
    css.push(`@keyframes ${name} { ${before}${from}% { visibility: visible } ${after}}`);
    css.push(`#${name} { animation: ${name} ${(total / 1000).toFixed(2)}s step-end infinite }`);
    const texts = lines.flatMap(({ text, isCyan }, row) => {
      if (text === '') return [];
      const y = TITLE_HEIGHT + (row + 1) * LINE_HEIGHT - 4;
      return `<text x="${MARGIN}" y="${y}"${isCyan ? ' class="spin"' : ''}>${escaped(text)}</text>`;
    });
    // Where nothing moves, the end is what is seen.
    const hidden = next === undefined ? '' : ' class="f"';
    return `<g${hidden} id="${name}">${texts.join('')}</g>`;
  });
  const svg = `<g transform="translate(0 ${index * (height + 8)})"><rect width="${width}" height="${height}" rx="8" fill="#0b1622"/><text class="title" x="${MARGIN}" y="18">${escaped(title)}</text>
${groups.join('\n')}</g>`;
  return { css: css.join('\n'), svg };
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
