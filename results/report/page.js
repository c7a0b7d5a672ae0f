// Draws each figure from its spec and the named data beside it. Ink is the page's own colour, so that a figure follows
// the colour scheme, in print too, without being drawn again.
const data = JSON.parse(document.getElementById('data').textContent);
const specs = JSON.parse(document.getElementById('specs').textContent);
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const colours = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#8C6D31', '#777777', '#B2182B', '#4D9221'];

function config() {
  const ink = 'currentColor';
  const text = { labelColor: ink, titleColor: ink, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal' };
  const rule = { gridColor: ink, gridOpacity: 0.15, domainColor: ink, domainOpacity: 0.4, tickColor: ink, tickOpacity: 0.4 };
  return {
    background: 'transparent',
    font: 'system-ui, sans-serif',
    view: { stroke: null },
    axis: { ...text, ...rule, labelLimit: 220, labelOverlap: 'greedy', labelSeparation: 6 },
    axisX: { labelFlush: 16 },
    legend: { ...text, symbolStrokeWidth: 3 },
    rule: { color: ink },
    range: { category: colours },
  };
}

async function draw() {
  for (const figure of document.querySelectorAll('.chart')) {
    const box = figure.querySelector('div');
    const spec = { ...specs[figure.dataset.spec], width: box.clientWidth, datasets: data };
    // One spec serves every metric.
    if (figure.dataset.metric) spec.transform = [{ filter: { field: 'metric', equal: figure.dataset.metric } }];
    // vega-lite warns when a stepped height meets a fitted width, so the steps are counted here.
    if (spec.height.step) {
      const rows = data[spec.data.name].filter((row) => !figure.dataset.metric || row.metric === figure.dataset.metric);
      spec.height = spec.height.step * new Set(rows.map((row) => row.entry)).size;
    }
    await vegaEmbed(box, spec, { actions: false, renderer: 'svg', config: config() });
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
