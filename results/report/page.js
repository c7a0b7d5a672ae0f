// Draws each figure from its spec and the named data beside it. Ink is the page's own colour, so that a figure follows
// the colour scheme, in print too, without being drawn again.
const { theme, specs, figures } = JSON.parse(document.getElementById('figures').textContent);
const dark = window.matchMedia('(prefers-color-scheme: dark)');

async function draw() {
  for (const figure of document.querySelectorAll('.chart')) {
    const box = figure.querySelector('div');
    const { spec, height, colours, rows } = figures[figure.dataset.figure];
    const datasets = { [specs[spec].data.name]: rows };
    const range = colours.length > 0 ? { category: colours } : theme.range;
    const config = { ...theme, range, legend: { ...theme.legend, columns: Math.max(1, Math.floor(box.clientWidth / 150)) } };
    await vegaEmbed(box, { ...specs[spec], height, width: box.clientWidth, datasets }, { actions: false, renderer: 'svg', config });
  }
  document.documentElement.dataset.drawn = 'true';
}

let pending;
let width = window.innerWidth;
window.addEventListener('resize', () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  clearTimeout(pending);
  pending = setTimeout(draw, 150);
});
draw();

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
