// Opens reports from disk in Debian's Chromium with the network off, in light and dark, wide and narrow: every
// figure is drawn, nothing is asked of the network, nothing is logged as an error, no accessibility violation.
//   node tests/results/browser.mjs REPORT.html...
// With SCREENSHOTS=FOLDER in the environment it leaves pictures there.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const require = createRequire(join(root, 'results/plots/package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const shots = process.env.SCREENSHOTS;
const problems = [];

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync'],
});

async function look(report, width) {
  const url = pathToFileURL(resolve(report)).href;
  const title = basename(report, '.html');
  let name = `${title}, ${width} px`;
  const context = await browser.newContext({ colorScheme: 'light', viewport: { width, height: 900 }, offline: true });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`${name}: console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`${name}: ${error.message}`));
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) problems.push(`${name}: request for ${request.url()}`);
  });
  await page.goto(url);
  await page.waitForFunction(() => document.documentElement.dataset.drawn === 'true', null, { timeout: 300_000 });

  const figures = await page.$$('.chart');
  if (figures.length < 4) problems.push(`${name}: only ${figures.length} figures`);
  for (const figure of figures) {
    const spec = await figure.getAttribute('data-figure');
    const marks = await figure.$$eval('svg path, svg line', (all) => all.length);
    if (marks < 10) problems.push(`${name}: figure ${spec} has only ${marks} marks`);
  }
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) problems.push(`${name}: the page is ${overflow} px wider than the window`);

  await page.evaluate(axe);
  for (const colorScheme of ['light', 'dark']) {
    name = `${title}, ${colorScheme} at ${width} px`;
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
    for (const violation of violations) {
      problems.push(`${name}: axe: ${violation.id}: ${violation.help} (${violation.nodes.length}): ${violation.nodes[0].html.slice(0, 120)}`);
    }
    if (shots) await page.screenshot({ path: join(shots, `${title}-${colorScheme}-${width}.png`), fullPage: true });
  }

  const point = await page.$('.chart[data-figure$="ratio-cpu"] svg .mark-symbol.role-mark path');
  if (!point) {
    problems.push(`${name}: the ratio figure has no points`);
  } else {
    await point.hover({ force: true });
    await page.waitForSelector('#vg-tooltip-element.visible', { timeout: 300_000 }).catch(() => problems.push(`${name}: no tooltip`));
  }

  // From the top of the page the first stop of the keyboard is the switch between dark and light.
  const scheme = () => page.evaluate(() => [
    document.activeElement.id, document.activeElement.getAttribute('aria-pressed'), getComputedStyle(document.body).backgroundColor,
    getComputedStyle(document.querySelector('.chart svg text')).fill].join(' '));
  await page.keyboard.press('Tab');
  const before = await scheme();
  await page.keyboard.press('Enter');
  const after = await scheme();
  await page.keyboard.press('Space');
  const back = await scheme();
  const wanted = ['scheme true rgb(13, 17, 23) rgb(230, 237, 243)', 'scheme false rgb(255, 255, 255) rgb(27, 31, 36)'];
  if (before !== wanted[0] || after !== wanted[1] || back !== wanted[0]) {
    problems.push(`${name}: the switch gives '${before}', '${after}', '${back}'`);
  }
  await page.keyboard.press('Tab');
  const next = await page.evaluate(() => document.activeElement.matches('.table, summary'));
  if (!next) problems.push(`${name}: neither the first table nor what opens it takes the keyboard`);
  await context.close();
}

async function look_without_scripts(report) {
  const plain = await browser.newContext({ javaScriptEnabled: false, offline: true });
  const page = await plain.newPage();
  await page.goto(pathToFileURL(resolve(report)).href);
  if ((await page.$$('table')).length < 2) problems.push(`${report}: without scripts there are no tables`);
  if (await page.isVisible('#scheme')) problems.push(`${report}: without scripts there is a switch that does nothing`);
  await plain.close();
}

for (const report of process.argv.slice(2)) {
  for (const width of [1280, 390]) await look(report, width);
  await look_without_scripts(report);
}
await browser.close();

for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'browser: all figures drawn, no request, no violation' : `browser: ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
