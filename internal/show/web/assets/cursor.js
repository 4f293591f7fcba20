// A cursor through a chart: the row of the chart's table that is nearest to the
// pointer is written beside it. The table is the data; nothing else is fetched.
const ns = "http://www.w3.org/2000/svg";

document.addEventListener("pointermove", (e) => {
  const chart = e.target instanceof Element ? e.target.closest("svg.chart") : null;
  for (const old of document.querySelectorAll("svg.chart > .atpointer")) old.remove();
  if (chart) point(chart, e.clientX);
}, { passive: true });

function point(chart, clientX) {
  const { from, to, left, right } = Object.fromEntries(Object.entries(chart.dataset).map(([k, v]) => [k, Number(v)]));
  if (!(to > from)) return;
  const { width, height } = chart.viewBox.baseVal;
  const frame = chart.getBoundingClientRect();
  const x = ((clientX - frame.left) / frame.width) * width;
  const row = nearest(chart, from + ((x - left) / (right - left)) * (to - from));
  if (!row) return;
  const at = left + ((row.time - from) / (to - from)) * (right - left);
  const group = document.createElementNS(ns, "g");
  group.setAttribute("class", "atpointer");
  const line = document.createElementNS(ns, "path");
  line.setAttribute("class", "cursor");
  line.setAttribute("d", `M${at} 0V${height}`);
  const text = document.createElementNS(ns, "text");
  const after = at < width / 2;
  text.setAttribute("class", `readout${after ? "" : " a-e"}`);
  text.setAttribute("x", at + (after ? 8 : -8));
  text.setAttribute("y", 14);
  text.textContent = row.text;
  group.append(line, text);
  chart.append(group);
}

// nearest reads the table's rows: time, then what the row has to say (data-readout), or
// reports, usual, how known.
function nearest(chart, time) {
  let best = null;
  for (const tr of chart.closest("figure").querySelectorAll("table[data-cursor] tbody tr")) {
    const t = Date.parse(tr.querySelector("time").dateTime);
    if (best && Math.abs(t - time) >= Math.abs(best.time - time)) continue;
    const [when, reports, usual, how] = [...tr.cells].map((c) => c.textContent);
    best = { time: t, text: `${when}  ${tr.dataset.readout ?? `${reports} reports, ${how}; usual ${usual}`}` };
  }
  return best;
}
