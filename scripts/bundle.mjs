// The program in a few files: Node takes a millisecond or more to find and load each of 250 modules of
// ours and 150 of others, and somebody waits for the code meanwhile. The library stays as it is.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const ROOT = join(import.meta.dirname, '..');
const OUTPUT = join(ROOT, 'dist', 'bundle');
const DISPLAY = JSON.stringify(join(ROOT, 'dist', 'protocol', 'display.js'));
/** Loaded late, if at all; koffi is not JavaScript alone. */
const EXTERNAL = ['koffi', 'socks', 'default-gateway'];
/** Where a licence says that it, or a notice, has to go wherever the code goes. */
const LICENCES = /^(licen[cs]e|copying|notice)/i;

/**
 * Libraries measure text with string-width, of which each brings a copy along, with tables of all emoji and
 * languages that are made first: a tenth of the time to the code. The program has a measure of its own.
 */
const ownWidth = {
  name: 'own-width',
  resolveId: (source, _importer, { kind }) =>
    source === 'string-width' && kind === 'import-statement' ? source : null,
  load: (id) => (id === 'string-width' ? `export { columnsOf as default } from ${DISPLAY};` : null),
};

rmSync(OUTPUT, { recursive: true, force: true });
const bundle = await rolldown({
  input: join(ROOT, 'dist', 'cli', 'main.js'),
  platform: 'node',
  external: EXTERNAL,
  plugins: [ownWidth],
});
const { output } = await bundle.write({ dir: OUTPUT, format: 'esm' });
await bundle.close();
const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
writeFileSync(join(OUTPUT, 'LICENSES.txt'), licencesOf(packagesOf(modules)));

/** The folders of the packages that these modules are from. */
function packagesOf(paths) {
  const folders = paths.flatMap((path) => {
    return /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/.exec(path)?.[0] ?? [];
  });
  return [...new Set(folders)].sort();
}

/** Fails for a package without a licence: nobody may pass that on. */
function licencesOf(folders) {
  return folders
    .map((folder) => {
      const { name, version, license } = JSON.parse(
        readFileSync(join(folder, 'package.json'), 'utf8'),
      );
      const files = readdirSync(folder).filter((file) => LICENCES.test(file));
      if (license === undefined) throw new Error(`${name} has no licence`);
      const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
      return `${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`;
    })
    .join(`\n${'-'.repeat(72)}\n\n`);
}
