// The manual page, of the same descriptions as `--help`: dist/man/p2pshare.1 (man(7), groff_man(7)).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '../dist/cli/commands.js';
import { EXIT_MEANINGS } from '../dist/cli/errors/exit-code.js';
import { flagsOf, operandUsage } from '../dist/cli/settings/manual.js';
import { configKeys, environmentName } from '../dist/cli/settings/settings.js';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'dist', 'man');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const manuals = COMMANDS.map(({ manual }) => manual);

mkdirSync(FOLDER, { recursive: true });
writeFileSync(join(FOLDER, 'p2pshare.1'), page());

function page() {
  return [
    `.TH P2PSHARE 1 "" "p2pshare ${version}" "User Commands"`,
    '.SH NAME',
    'p2pshare \\- files straight from one machine to another, end\\-to\\-end encrypted',
    '.SH SYNOPSIS',
    ...manuals.flatMap((manual) => [
      '.br',
      `\\fBp2pshare ${text(manual.name)}\\fR ${text(usage(manual))}`,
    ]),
    '.br',
    '\\fBp2pshare\\fR \\fIPATH\\fR... | \\fICODE\\fR',
    '.SH DESCRIPTION',
    text(
      'p2pshare send PATH prints a short code, and p2pshare receive CODE on another machine gets the files. Both meet at a server, or on the local network without one, and the files take a direct path where there is one, through NATs too. Without a command, files are sent and a code is received.',
    ),
    '.SH COMMANDS',
    ...manuals.flatMap(command),
    '.SH ENVIRONMENT',
    text(
      'Each flag that is not of one run alone can be given by the environment and, under its name, by the configuration file. The command line beats the environment, and that the file.',
    ),
    ...Object.entries(configKeys(manuals)).flatMap(([name, { describe }]) => [
      '.TP',
      `\\fB${text(environmentName(name))}\\fR`,
      text(`As --${name}: ${describe}`),
    ]),
    '.TP',
    '\\fBNO_COLOR\\fR',
    'No colours.',
    '.SH FILES',
    '.TP',
    '\\fI~/.config/p2pshare/config.toml\\fR',
    text(
      'Settings, as p2pshare config writes them; $P2PSHARE_CONFIG and $XDG_CONFIG_HOME name another place.',
    ),
    '.TP',
    '\\fI~/.local/state/p2pshare\\fR',
    text(
      'What an interrupted transfer needs to go on with, for a day; $XDG_STATE_HOME names another place.',
    ),
    '.SH EXIT STATUS',
    ...Object.entries(EXIT_MEANINGS).flatMap(([status, meaning]) => [
      '.TP',
      `\\fB${status}\\fR`,
      text(meaning),
    ]),
    '.SH SEE ALSO',
    '.BR scp (1),',
    '.BR rsync (1)',
    '',
  ].join('\n');
}

function command(manual) {
  const { name, aliases = [], operands = [], summary, about, groups, examples } = manual;
  const names = [name, ...aliases].map((one) => `p2pshare ${one}`).join(', ');
  return [
    `.SS ${text(names)}`,
    text(`${summary}.`),
    ...about.flatMap((paragraph) => ['.PP', text(paragraph)]),
    ...operands.flatMap(({ name, describe }) => ['.TP', `\\fI${text(name)}\\fR`, text(describe)]),
    ...groups.flatMap(({ flags }) => Object.entries(flags).flatMap(flag)),
    '.PP',
    'Examples:',
    ...examples.flatMap(({ command, what }) => [
      '.PP',
      text(`${what}:`),
      '.RS',
      '.nf',
      text(command),
      '.fi',
      '.RE',
    ]),
  ];
}

function flag([name, { alias, value, describe }]) {
  const short = alias === undefined ? '' : `\\fB\\-${alias}\\fR, `;
  const operand = value === undefined ? '' : ` \\fI${text(value)}\\fR`;
  return ['.TP', `${short}\\fB\\-\\-${text(name)}\\fR${operand}`, text(describe)];
}

function usage(manual) {
  const flags = Object.keys(flagsOf(manual)).length === 0 ? [] : ['[FLAG...]'];
  return [...flags, ...(manual.operands ?? []).map(operandUsage)].join(' ');
}

/** What roff would take for its own is escaped; a dash stays the one that can be copied. */
function text(words) {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replace(/^(?=[.'])/, '\\&');
}
