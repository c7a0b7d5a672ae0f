// Opens a report from disk in Debian's Chromium with the network off, in light and dark, wide and narrow: every
// figure is drawn, nothing is asked of the network, nothing is logged as an error, no accessibility violation.
//   node tests/report/browser.mjs REPORT.html [FOLDER FOR SCREENSHOTS]
import { createRequire } from 'node:module';
import { readFileSync, mkdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { resolve, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const require = createRequire(join(root, 'results/plots/package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const [report, shots] = process.argv.slice(2);
if (!report) {
  console.error('browser.mjs: the report is missing');
  process.exit(2);
}
if (shots) mkdirSync(shots, { recursive: true });
const url = pathToFileURL(resolve(report)).href;
const problems = [];

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync'],
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1280, 390]) {
    const name = `${colorScheme} at ${width} px`;
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, offline: true });
    const page = await context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(`${name}: console: ${message.text()}`);
    });
    page.on('pageerror', (error) => problems.push(`${name}: ${error.message}`));
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:')) problems.push(`${name}: request for ${request.url()}`);
    });
    await page.goto(url);
    await page.waitForFunction(() => document.documentElement.dataset.drawn === 'true', null, { timeout: 60_000 });

    for (const figure of await page.$$('.chart')) {
      const spec = await figure.getAttribute('data-spec');
      const marks = await figure.$$eval('svg path, svg line', (all) => all.length);
      if (marks < 10) problems.push(`${name}: figure ${spec} has only ${marks} marks`);
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (overflow > 0) problems.push(`${name}: the page is ${overflow} px wider than the window`);

    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    for (const violation of violations) {
      problems.push(`${name}: axe: ${violation.id}: ${violation.help} (${violation.nodes.length}): ${violation.nodes[0].html.slice(0, 120)}`);
    }

    const point = await page.$('.chart[data-spec="ratio"] svg .mark-symbol path');
    if (!point) {
      problems.push(`${name}: the ratio figure has no points`);
    } else {
      await point.hover({ force: true });
      await page.waitForSelector('#vg-tooltip-element.visible', { timeout: 5_000 }).catch(() => problems.push(`${name}: no tooltip`));
    }
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => document.activeElement !== document.body);
    if (!focused) problems.push(`${name}: nothing takes the keyboard`);

    await page.mouse.move(0, 0);
    if (shots) await page.screenshot({ path: join(shots, `${colorScheme}-${width}.png`), fullPage: true });
    await context.close();
  }
}

const plain = await browser.newContext({ javaScriptEnabled: false, offline: true });
const page = await plain.newPage();
await page.goto(url);
if ((await page.$$('table')).length < 2) problems.push('without scripts there are no tables');
await browser.close();

for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'browser: all figures drawn, no request, no violation' : `browser: ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
