// Draws a chart out of the table beside it: the table is what is read without one.
import uPlot from "uplot";

// A property is what was written, `light-dark(...)`: only a colour in use is one that can be drawn.
function colour(name) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function read(table) {
  const series = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows];
  const value = (row, at) => Number(row.cells[at].dataset.value);
  return {
    series,
    data: [0, ...series.map((_, at) => at + 1)].map((at) => rows.map((row) => value(row, at))),
  };
}

export function drawCharts(root) {
  for (const figure of root.querySelectorAll("figure[data-chart]")) {
    const place = figure.querySelector("[data-plot]");
    if (!place || place.firstChild) continue;
    const { series, data } = read(figure.querySelector("table"));
    const tones = [() => colour("--accent"), () => colour("--second")];
    const axis = { stroke: () => colour("--faint"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false } };
    // Half a bar of room at both ends.
    const room = figure.dataset.chart === "bars" && data[0].length > 1 ? (data[0][1] - data[0][0]) / 2 : 0;
    const size = () => ({ width: place.clientWidth, height: Number(figure.dataset.height || 180) });
    const isBar = (at) => figure.dataset.chart === "bars" && at === 0;
    const bars = uPlot.paths.bars({ size: [0.7, 60] });
    const plot = new uPlot(
      {
        ...size(),
        cursor: { drag: { x: false, y: false } },
        legend: { show: series.length > 1 },
        axes: [axis, { ...axis, size: 56 }],
        scales: { x: { range: (_, low, high) => [low - room, high + room] }, y: { range: (_, low, high) => [Math.min(0, low), Math.max(high, 1) * 1.1] } },
        series: [
          {},
          ...series.map((label, at) => ({
            label,
            stroke: tones[at % 2],
            // Bars would hide each other: what they are compared with is a line.
            fill: isBar(at) ? tones[at % 2] : undefined,
            width: isBar(at) ? 0 : 2,
            paths: isBar(at) ? bars : undefined,
            points: { show: false },
          })),
        ],
      },
      data,
      place,
    );
    new ResizeObserver(() => plot.setSize(size())).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
  }
}
