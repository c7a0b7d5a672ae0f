// Draws each figure from its spec and the named data beside it, again when the colour scheme changes.
const data = JSON.parse(document.getElementById('data').textContent);
const specs = JSON.parse(document.getElementById('specs').textContent);
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const colours = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#8C6D31', '#777777', '#B2182B', '#4D9221'];

function config() {
  const ink = dark.matches ? '#e6edf3' : '#1b1f24';
  const rule = dark.matches ? '#3d444d' : '#d0d7de';
  const text = { labelColor: ink, titleColor: ink, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal' };
  return {
    background: 'transparent',
    font: 'system-ui, sans-serif',
    view: { stroke: null },
    axis: { ...text, gridColor: rule, domainColor: rule, tickColor: rule, labelLimit: 220 },
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
dark.addEventListener('change', draw);
draw();
