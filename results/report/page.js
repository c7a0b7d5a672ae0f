// Draws each figure from its spec and the named data beside it. Ink is the page's own colour, so that a figure follows
// the colour scheme, in print too, without being drawn again.
const { theme, texts, specs, columns, figures } = JSON.parse(document.getElementById('figures').textContent);
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const views = new Map(); // by figure

function unpacked({ fields, rows }) {
  return rows.map((row) => Object.fromEntries(row.map((cell, i) => [fields[i], Array.isArray(cell) ? texts[cell[0]] : cell])));
}

async function draw(figure) {
  const box = figure.querySelector('div');
  const { spec, height, colours, data } = figures[figure.dataset.figure];
  const rows = unpacked(data);
  const datasets = { [specs[spec].data.name]: rows };
  const range = colours.length > 0 ? { category: colours } : theme.range;
  const config = { ...theme, range, legend: { ...theme.legend, columns: Math.max(1, Math.floor(box.clientWidth / 150)) } };
  views.get(figure)?.finalize();
  const { view } = await vegaEmbed(box, { ...specs[spec], height, width: box.clientWidth, datasets }, { actions: false, renderer: 'svg', config });
  views.set(figure, view);
  if (spec === 'flame') explore(figure, box, view, rows);
}

// One after the other: two drawings in one place would mix.
let queue = Promise.resolve();
function draw_all(all) {
  document.documentElement.dataset.drawn = 'false';
  const mine = queue.then(async () => {
    for (const figure of all) await draw(figure);
    if (queue === mine) document.documentElement.dataset.drawn = 'true';
  });
  queue = mine;
}

// By keyboard and pointer through a flame graph. What is chosen is said below it, and to those who hear the page.
function explore(figure, box, view, frames) {
  const whole = [frames[0].from, frames[0].to];
  let zoom = whole;
  let chosen = 0;
  let said = figure.querySelector('.said');
  if (!said) {
    said = document.createElement('p');
    said.className = 'said';
    said.setAttribute('role', 'status');
    figure.append(said);
  }
  said.textContent = '';
  const sign = (ns) => (ns < 0 ? '−' : '+') + (Math.abs(ns) / 1000).toFixed(2);
  const words = ({ function: name, here, there, sign: told }) =>
    `${name}: ${(here / 1000).toFixed(2)} against ${(there / 1000).toFixed(2)} µs, ${sign(here - there)} µs${told ? '' : ', not told'}`;
  const show = (frame = chosen) => {
    chosen = frame;
    view.signal('zoom', zoom).signal('chosen', chosen + 1).runAsync();
    said.textContent = words(frames[chosen]) + (zoom === whole ? '' : ' (zoomed in)');
  };
  // The nearest one in a direction that is in sight and at a depth; where there is none one stays.
  const nearest = (step, depth, until = () => false) => {
    for (let i = chosen + step; i >= 0 && i < frames.length && !until(frames[i]); i += step) {
      const { depth: its, from, to } = frames[i];
      if (its === depth && to > zoom[0] && from < zoom[1]) return i;
    }
    return chosen;
  };
  const moves = {
    ArrowDown: (depth) => nearest(1, depth + 1, (frame) => frame.depth <= depth),
    ArrowUp: (depth) => nearest(-1, depth - 1),
    ArrowRight: (depth) => nearest(1, depth),
    ArrowLeft: (depth) => nearest(-1, depth),
    Home: () => 0,
    Enter: () => {
      zoom = chosen === 0 ? whole : [frames[chosen].from, frames[chosen].to];
      return chosen;
    },
    Escape: () => {
      zoom = whole;
      return chosen;
    },
  };
  box.tabIndex = 0;
  box.setAttribute('role', 'application');
  box.setAttribute('aria-label', 'Flame graph. Arrow keys move, Enter zooms in, Escape returns');
  box.onfocus = () => show();
  box.onkeydown = (event) => {
    if (!moves[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    show(moves[event.key](frames[chosen].depth));
  };
  view.addEventListener('click', (_, item) => {
    if (!item?.datum?.id) return;
    chosen = item.datum.id - 1;
    show(moves.Enter());
  });
}

// Which of the figures that share a place stands there. Its caption and its table go with it.
function put(figure, id) {
  const { spec, title, note, data, table } = figures[id];
  figure.dataset.figure = id;
  const caption = figure.querySelector('figcaption');
  const name = document.createElement('b');
  name.textContent = title;
  caption.replaceChildren(name, `: ${note}`);
  const beside = figure.parentElement.querySelector('.table');
  beside.setAttribute('aria-label', title);
  beside.querySelector('caption').textContent = title;
  beside.querySelector('tbody').replaceChildren(...unpacked(table ?? data).map((row) => {
    const line = document.createElement('tr');
    columns[spec].forEach(([field], i) => {
      const cell = document.createElement(i === 0 ? 'th' : 'td');
      if (i === 0) cell.scope = 'row';
      cell.textContent = row[field] ?? 'not available';
      line.append(cell);
    });
    return line;
  }));
}

for (const form of document.querySelectorAll('.chooser')) {
  const all = [...form.parentElement.querySelectorAll('.chart')];
  const none = document.createElement('p');
  none.setAttribute('role', 'status');
  form.append(none);
  form.hidden = false;
  form.addEventListener('change', () => {
    const { pair, load } = Object.fromEntries(new FormData(form));
    let is_there = true;
    for (const figure of all) {
      const { place } = figures[figure.dataset.figure];
      const found = Object.entries(figures).find(([, each]) => each.place === place && each.choice[0] === pair && each.choice[1] === load);
      figure.parentElement.hidden = !found;
      if (found) put(figure, found[0]);
      is_there &&= Boolean(found);
    }
    none.textContent = is_there ? '' : 'Nothing can be said of this pair at this load: its ratio is withheld, or one of the two has no samples.';
    draw_all(all.filter((figure) => !figure.parentElement.hidden));
  });
  form.addEventListener('submit', (event) => event.preventDefault());
}

let pending;
let width = window.innerWidth;
window.addEventListener('resize', () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  clearTimeout(pending);
  pending = setTimeout(() => draw_all(document.querySelectorAll('div:not([hidden]) > .chart')), 150);
});
draw_all(document.querySelectorAll('.chart'));

// The reader's choice against the system's, for as long as the page is open.
const toggle = document.getElementById('scheme');
function show_scheme(is_dark) {
  toggle.setAttribute('aria-pressed', String(is_dark));
}
toggle.addEventListener('click', () => {
  const is_dark = toggle.getAttribute('aria-pressed') !== 'true';
  document.documentElement.dataset.scheme = is_dark ? 'dark' : 'light';
  show_scheme(is_dark);
});
dark.addEventListener('change', () => {
  if (!document.documentElement.dataset.scheme) show_scheme(dark.matches);
});
show_scheme(dark.matches);
toggle.hidden = false;
