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

// The whole page in every rule once; then what the colours, or the width, can change.
async function look(report) {
  const url = pathToFileURL(resolve(report)).href;
  const title = basename(report, '.html');
  let name = title;
  const context = await browser.newContext({ colorScheme: 'light', viewport: { width: 1280, height: 900 }, offline: true });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`${name}: console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`${name}: ${error.message}`));
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) problems.push(`${name}: request for ${request.url()}`);
  });
  await page.goto(url);
  await drawn(page);
  await page.evaluate(axe);
  for (const width of [1280, 390]) {
    name = `${title}, light at ${width} px`;
    await page.emulateMedia({ colorScheme: 'light' });
    if (width !== 1280) {
      // The page draws anew once the window has kept its width for a while.
      await page.evaluate(() => { document.documentElement.dataset.drawn = 'before'; });
      await page.setViewportSize({ width, height: 900 });
      await drawn(page);
    }
    await check_figures(page, name);
    await check_rules(page, name, width === 1280 ? {} : { exclude: [['.chart svg']] });
    if (shots) await page.screenshot({ path: join(shots, `${title}-light-${width}.png`), fullPage: true });
    name = `${title}, dark at ${width} px`;
    await page.emulateMedia({ colorScheme: 'dark' });
    // Ink and paper of the figures are looked at with the switch, below.
    await check_rules(page, name, { exclude: [['.chart svg']] }, ['color-contrast']);
    if (shots) await page.screenshot({ path: join(shots, `${title}-dark-${width}.png`), fullPage: true });
    await check_tooltip(page, name);
    if (width === 1280) await check_switch(page, name);
    if (await page.$('.chooser')) await check_explanation(page, name);
  }
  await context.close();
}

async function drawn(page) {
  await page.waitForFunction(() => document.documentElement.dataset.drawn === 'true', null, { timeout: 300_000 });
}

async function check_figures(page, name) {
  const figures = await page.$$('.chart');
  if (figures.length < 4) problems.push(`${name}: only ${figures.length} figures`);
  for (const figure of figures) {
    const spec = await figure.getAttribute('data-figure');
    const marks = await figure.$$eval('svg path, svg line', (all) => all.length);
    if (marks < 10) problems.push(`${name}: figure ${spec} has only ${marks} marks`);
  }
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) problems.push(`${name}: the page is ${overflow} px wider than the window`);
}

async function check_rules(page, name, context, rules) {
  const options = { resultTypes: ['violations'], ...(rules ? { runOnly: rules } : {}) };
  const { violations } = await page.evaluate(([where, how]) => window.axe.run({ include: [['html']], ...where }, how), [context, options]);
  for (const violation of violations) {
    problems.push(`${name}: axe: ${violation.id}: ${violation.help} (${violation.nodes.length}): ${violation.nodes[0].html.slice(0, 120)}`);
  }
}

async function check_tooltip(page, name) {
  const point = await page.$('.chart[data-figure$="ratio-cpu"] svg .mark-symbol.role-mark path');
  if (!point) {
    problems.push(`${name}: the ratio figure has no points`);
  } else {
    await point.hover({ force: true });
    await page.waitForSelector('#vg-tooltip-element.visible', { timeout: 300_000 }).catch(() => problems.push(`${name}: no tooltip`));
  }
}

// From the top of the page the first stop of the keyboard is the switch between dark and light.
async function check_switch(page, name) {
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
  await page.evaluate(() => { delete document.documentElement.dataset.scheme; });
}

// By keyboard alone: another pair, and through its flame graph.
async function check_explanation(page, name) {
  const expect = (is_so, what) => {
    if (!is_so) problems.push(`${name}: ${what}`);
  };
  await page.focus('.chooser select');
  await page.keyboard.press('Home');
  await drawn(page);
  await page.keyboard.press('End');
  await drawn(page);
  const pair = await page.$eval('.chooser select', (select) => select.selectedOptions[0].textContent);
  for (const figure of await page.$$('.chart[data-figure^="why-"]')) {
    const [caption, table] = await figure.evaluate((each) => [
      each.querySelector('figcaption').textContent, each.parentElement.querySelector('table caption').textContent]);
    expect(caption.startsWith(pair) && table.startsWith(pair), `after a choice of '${pair}' it shows '${caption}', '${table}'`);
  }
  const flame = '.chart[data-figure^="why-flame"]';
  const said = () => page.textContent(`${flame} .said`);
  const boxes = () => page.$$eval(`${flame} svg .mark-text text`, (all) => all.length);
  const outlined = () => page.$$eval(`${flame} svg .mark-rect path[stroke-width="2.5"]`, (all) => all.length);
  const press = async (key) => {
    const [before, had] = [await said(), await boxes()];
    await page.keyboard.press(key);
    return [before, had, await said()];
  };
  await page.focus(`${flame} > div`);
  expect((await said()).startsWith('all of it: '), `focused, the graph says '${await said()}'`);
  const way = [['ArrowDown', 'server`main: '], ['ArrowDown', 'kernel`do_syscall_64: '], ['ArrowRight', 'server`duelio::backends::run: '],
    ['ArrowLeft', 'kernel`do_syscall_64: '], ['ArrowDown', 'kernel`__x64_sys_sendto: '], ['ArrowUp', 'kernel`do_syscall_64: ']];
  for (const [key, wanted] of way) {
    const [, , now] = await press(key);
    expect(now.startsWith(wanted), `${key} leads to '${now}', not to '${wanted}'`);
  }
  await page.waitForFunction((where) => document.querySelectorAll(`${where} svg .mark-rect path[stroke-width="2.5"]`).length === 1, flame, { timeout: 300_000 })
    .catch(async () => problems.push(`${name}: ${await outlined()} boxes are outlined`));
  const whole = await boxes();
  await page.keyboard.press('Enter');
  await page.waitForFunction(([where, count]) => document.querySelectorAll(`${where} svg .mark-text text`).length < count, [flame, whole], { timeout: 300_000 })
    .catch(() => problems.push(`${name}: Enter does not zoom`));
  expect((await said()).endsWith('(zoomed in)'), `zoomed in, the graph says '${await said()}'`);
  await page.keyboard.press('Escape');
  await page.waitForFunction(([where, count]) => document.querySelectorAll(`${where} svg .mark-text text`).length === count, [flame, whole], { timeout: 300_000 })
    .catch(() => problems.push(`${name}: Escape does not return`));
}

async function look_without_scripts(report) {
  const plain = await browser.newContext({ javaScriptEnabled: false, offline: true });
  const page = await plain.newPage();
  await page.goto(pathToFileURL(resolve(report)).href);
  if ((await page.$$('table')).length < 2) problems.push(`${report}: without scripts there are no tables`);
  if (await page.isVisible('.chooser')) problems.push(`${report}: without scripts there is a choice that does nothing`);
  if (await page.isVisible('#scheme')) problems.push(`${report}: without scripts there is a switch that does nothing`);
  await plain.close();
}

for (const report of process.argv.slice(2)) {
  await look(report);
  await look_without_scripts(report);
}
await browser.close();

for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'browser: all figures drawn, no request, no violation' : `browser: ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
