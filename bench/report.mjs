// What a run found, as a table for people, JSON for programs and an SVG chart for the documentation.
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import process from 'node:process';
import { median } from './median.mjs';

/** Rows with medians, ranges and, to the first row of the same unit, ratios. */
export function summarize(rows) {
  const done = rows.filter(({ values }) => values.length > 0);
  return done.map(({ name, note, unit, values, base = true }) => {
    const [first] = done.filter((row) => row.unit === unit && (row.base ?? true));
    const middle = median(values);
    return {
      name,
      unit,
      median: round(middle),
      least: round(Math.min(...values)),
      most: round(Math.max(...values)),
      runs: values.length,
      ...(base && first.name !== name ? { ratio: round(median(first.values) / middle) } : {}),
      ...(note === undefined ? {} : { note }),
    };
  });
}

/** The first row's name stands for what the others are compared with. */
export function table(title, rows) {
  const lines = rows.map(({ name, unit, median: middle, least, most, ratio, note }) => [
    note === undefined ? name : `${name} (${note})`,
    `${middle} ${unit}`,
    `${least} to ${most}`,
    ratio === undefined ? '' : `× ${ratio}`,
  ]);
  const all = [[title, 'median', 'range', `${rows[0]?.name} is`], ...lines];
  const widths = all[0].map((_, column) => Math.max(...all.map((line) => line[column].length)));
  return all
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function machine() {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release().replace(/-.*/, '')}`,
    node: process.version,
  };
}

const BAR = 18;
const NAMES = 330;
const WIDTH = 860;

/** Bars of every case whose rows are rates, one chart below the other. */
export function chart(results) {
  const parts = [];
  let y = 10;
  for (const { title, rows } of results) {
    const rates = rows.filter(({ unit }) => unit.endsWith('bit/s'));
    if (rates.length === 0) continue;
    const most = Math.max(...rates.map((row) => row.median));
    parts.push(
      `<text class="title" x="10" y="${y + 14}">${escaped(title)}, ${rates[0].unit}</text>`,
    );
    y += 24;
    for (const { name, median: middle } of rates) {
      const width = Math.max(1, ((WIDTH - NAMES - 80) * middle) / most);
      const isOurs = name.startsWith('p2pshare');
      parts.push(
        `<text x="${NAMES - 8}" y="${y + 13}" text-anchor="end">${escaped(name)}</text>`,
        `<rect class="${isOurs ? 'ours' : 'other'}" x="${NAMES}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 4}"/>`,
        `<text x="${(NAMES + width + 6).toFixed(1)}" y="${y + 12}">${middle}</text>`,
      );
      y += BAR;
    }
    y += 14;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}">`,
    '<title>Rates of p2pshare beside others</title>',
    '<style>text{font:12px sans-serif;fill:#333}.title{font-weight:bold}.ours{fill:#2a7de1}.other{fill:#a9b4c0}</style>',
    `<rect width="${WIDTH}" height="${y}" fill="#fff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function round(value) {
  return Number(value.toPrecision(3));
}
