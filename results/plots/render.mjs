// Draws bound Vega-Lite specs, as duelio-report --svg writes them, beside themselves: NAME.vl.json gives NAME.svg, and
// NAME.png where rsvg-convert is installed.
//   node results/plots/render.mjs FILE.vl.json...
import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

function fail(message) {
  console.error(`render.mjs: ${message}`);
  process.exit(1);
}

const [vega, lite] = await Promise.all([import('vega'), import('vega-lite')]).catch((error) =>
  fail(error.code === 'ERR_MODULE_NOT_FOUND' ? 'results/plots/node_modules is missing: run scripts/setup' : error.message));

const files = process.argv.slice(2);
if (files.length === 0) fail('no figure is named');
const has_rsvg = spawnSync('rsvg-convert', ['--version']).status === 0;
if (!has_rsvg) console.error('render.mjs: no PNG, for rsvg-convert is not installed');

for (const file of files) {
  if (!file.endsWith('.vl.json')) fail(`'${file}' is not named NAME.vl.json`);
  const base = file.slice(0, -'.vl.json'.length);
  try {
    const spec = JSON.parse(readFileSync(file, 'utf8'));
    const view = new vega.View(vega.parse(lite.compile(spec).spec), { renderer: 'none' });
    writeFileSync(`${base}.svg.part`, `${await view.toSVG()}\n`);
    renameSync(`${base}.svg.part`, `${base}.svg`); // whole or not at all
    view.finalize();
  } catch (error) {
    fail(`${file}: ${error.message}`);
  }
  if (has_rsvg) {
    const { status, stderr } = spawnSync('rsvg-convert', ['--zoom', '2', '--output', `${base}.png.part`, `${base}.svg`]);
    if (status !== 0) fail(`rsvg-convert ${base}.svg: ${stderr.toString().trim()}`);
    renameSync(`${base}.png.part`, `${base}.png`);
  }
}
