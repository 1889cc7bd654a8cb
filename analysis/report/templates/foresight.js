"use strict";
// What an episode's decisions foresaw: a panel under the workers, one decision at a time, and its best plans.
const foresight = (() => {
  const byId = (id) => document.getElementById(id);
  const { palette } = JSON.parse(byId("episodes").textContent);
  const [BLUE, ORANGE, , PINK, , SKY, BLACK] = palette;
  const PLANS = [
    { name: "chosen", color: BLACK, width: 2.2, dash: "solid" },
    { name: "2nd", color: ORANGE, width: 2.2, dash: "7px,4px" },
    { name: "3rd", color: PINK, width: 2.2, dash: "2px,3px" },
  ];
  const faint = (color, alpha) => color + Math.round(255 * alpha).toString(16).padStart(2, "0");
  const short = (value) => Number(value.toFixed(1)).toString();
  let seen = null; // { steps, foresight }
  let redraw = () => {};
  let shown = 0; // episodes so far: zoom is kept within one

  // Step k lies between edges[k - 1] and edges[k]; without times an edge is a step.
  const edges = () => [0, ...(seen.steps.time_s || seen.steps.step)];
  const timed = () => Boolean(seen.steps.time_s);
  const slider = () => byId("decision");
  const chosen = () => (seen ? seen.foresight.told[Number(slider().value) - 1] : undefined);

  function show(steps, found, draw) {
    seen = found ? { steps, foresight: found } : null;
    redraw = draw;
    shown += 1;
    byId("foresight").hidden = !found;
    byId("decision-row").hidden = !found?.told.length;
    byId("drill-plot").classList.toggle("foreseen", Boolean(found));
    byId("drill-table").classList.toggle("foreseen", Boolean(found?.told.length));
    if (!found) return;
    slider().max = found.told.length;
    slider().value = 0;
    listAhead(found.ahead);
    tell();
  }

  function choose(place) {
    slider().value = place;
    tell();
    redraw();
  }

  // The decision that led to the step at x, or the last one told before it.
  function chooseAt(x) {
    const step = edges().findIndex((edge) => edge >= x);
    chooseStep(step < 0 ? edges().length - 1 : Math.max(step, 1));
  }
  function chooseStep(step) {
    if (seen?.foresight.told.length) choose(Math.max(seen.foresight.told.filter((each) => each.step <= step).length, 1));
  }

  const cells = (kind, texts) => texts.map((text) => Object.assign(document.createElement(kind), { textContent: text }));

  function tell() {
    const decision = chosen();
    const place = Number(slider().value);
    byId("earlier").disabled = place === 0;
    byId("whole").style.visibility = place ? "" : "hidden"; // its place stays, and so do the curves
    byId("later").disabled = place === Number(slider().max);
    const when = decision ? `step ${decision.step}${timed() ? `, at ${short(edges()[decision.step - 1])} s` : ""}` : "whole episode";
    byId("decision-name").textContent = when;
    slider().setAttribute("aria-valuetext", when);
    byId("ahead").hidden = Boolean(decision);
    byId("plans").hidden = !decision?.plans.length;
    byId("because").textContent = decision ? sentence(decision) : guide();
    if (decision) listPlans(decision);
    byId("drill-table").querySelector(".chosen")?.classList.remove("chosen");
    if (decision) byId("drill-table").rows[decision.step]?.classList.add("chosen");
  }

  function sentence(decision) {
    const text = seen.steps.because?.[decision.step - 1] || "";
    return text && `${text[0].toUpperCase()}${text.slice(1)}.`;
  }

  function guide() {
    const { told, decisions } = seen.foresight;
    const some = told.length < decisions ? ` Here are ${told.length} of ${decisions} decisions; decisions.jsonl has all.` : "";
    if (!told.length) return some.trim();
    return `Click a step in the curves or in the table below, or move the slider, to see what was foreseen then and the best plans.${some}`;
  }

  // How far ahead the bands over the whole episode were foreseen is chosen here, beside how often they were right.
  function listAhead(ahead) {
    const line = ([lead, { within }], index) => {
      const row = document.createElement("tr");
      row.append(...cells("td", ["", ...within.map((share) => `${Math.round(100 * share)} %`)]));
      const radio = Object.assign(document.createElement("input"), { type: "radio", name: "ahead", value: lead, checked: !index });
      const label = document.createElement("label");
      label.append(radio, lead === "1" ? "1 step ahead" : `${lead} steps ahead`);
      row.cells[0].append(label);
      return row;
    };
    byId("ahead").tBodies[0].replaceChildren(...Object.entries(ahead).map(line));
  }
  const bandsAhead = () => seen.foresight.ahead[document.querySelector("#ahead input:checked")?.value]?.bands;

  function listPlans(decision) {
    const all = edges();
    const end = all[decision.step - 1 + decision.fan[0].length] - all[decision.step - 1];
    byId("plans").caption.textContent =
      `Best plans${timed() ? ` for the next ${short(end)} s` : ""}: means over the futures imagined.`;
    byId("plans").tBodies[0].replaceChildren(...decision.plans.map((plan, index) => {
      const row = document.createElement("tr");
      const [runs, reward, missed, paid] = plan;
      row.append(...cells("td", ["", wanted(runs, decision.step), reward.toFixed(2), missed.toFixed(1), Math.round(paid).toLocaleString("en")]));
      row.cells[0].append(swatch(PLANS[index]), ` ${PLANS[index].name}`);
      return row;
    }));
  }

  // "13, 10 in 8 s": counts, and when each begins; a line breaks between them only.
  function wanted(runs, step) {
    const all = edges();
    let place = step - 1;
    const parts = [];
    for (let index = 0; index < runs.length; index += 2) {
      const later = all[place] - all[step - 1];
      parts.push(index ? `${runs[index]}\u00a0in\u00a0${short(later)}\u00a0${timed() ? "s" : "steps"}` : `${runs[0]}`);
      place += runs[index + 1];
    }
    return parts.join(", ");
  }

  // Markup of our own constants; nothing from files is in it.
  function swatch({ color, width, dash }) {
    const spot = document.createElement("span");
    const pattern = dash === "solid" ? "" : `stroke-dasharray="${dash.replaceAll("px", "")}"`;
    spot.innerHTML = `<svg width="30" height="8" aria-hidden="true"><line x2="30" y1="4" y2="4" stroke="${color}" stroke-width="${width}" ${pattern}/></svg>`;
    return spot.firstChild;
  }

  // What was true of a step held throughout it: the first value is drawn from the step's beginning on.
  const drawn = (first, values) => ({
    x: edges().slice(first - 1, first + values.length),
    y: [values[0], ...values],
  });

  function traces() {
    if (!seen) return [];
    const decision = chosen();
    const bands = decision ? decision.fan : bandsAhead();
    const panel = { yaxis: "y5", xaxis: "x", legend: "legend2", mode: "lines" };
    const line = (color, width) => ({ line: { color, width, shape: "vh" } });
    const came = { ...panel, ...drawn(1, seen.foresight.came), ...line("#222222", 1.5), name: "came", hovertemplate: "%{y} tasks came<extra></extra>" };
    return [...(bands ? fan(bands, decision?.step || 1, panel, line) : []), came, ...(decision ? plans(decision) : [])];
  }

  function fan(bands, first, panel, line) {
    const [low, quarter, middle, three, high] = bands.map((band) => drawn(first, band));
    const edge = { ...panel, ...line(BLUE, 0), hoverinfo: "skip" };
    const filled = (name, from, to, color) => [
      { ...edge, ...from, showlegend: false, legendgroup: name, name },
      { ...edge, ...to, fill: "tonexty", fillcolor: color, legendgroup: name, name },
    ];
    const spans = middle.y.map((_, index) => [quarter, three, low, high].map((band) => band.y[index]));
    return [
      ...filled("5–95 %", low, high, faint(SKY, 0.3)),
      ...filled("25–75 %", quarter, three, faint(BLUE, 0.35)),
      {
        ...panel, ...middle, ...line(BLUE, 1.8), name: "foreseen (median)", customdata: spans,
        hovertemplate: "%{y} foreseen (25–75 %: %{customdata[0]}–%{customdata[1]}; 5–95 %: %{customdata[2]}–%{customdata[3]})<extra></extra>",
      },
    ];
  }

  function counts(runs) {
    return runs.flatMap((count, index) => (index % 2 ? [] : Array(runs[index + 1]).fill(count)));
  }

  function plans(decision) {
    return decision.plans.map(([runs], index) => {
      const { name, color, width, dash } = PLANS[index];
      const line = { color, width, dash, shape: "vh" };
      return { ...drawn(decision.step, counts(runs)), name: `plan: ${name}`, mode: "lines", line, xaxis: "x", yaxis: "y", showlegend: false };
    });
  }

  // The axes hold still while decisions are looked through.
  const highest = (lists) => 1.06 * Math.max(1, ...lists.map((list) => list.reduce((most, value) => Math.max(most, value || 0), 0)));

  function fitted(layout) {
    if (!seen) return layout;
    const { came, ahead, told } = seen.foresight;
    const workers = ["workers", "workers_ready", "offered_load"].map((key) => seen.steps[key] || []);
    const planned = told.flatMap((each) => each.plans.map(([runs]) => counts(runs)));
    const foreseen = [...Object.values(ahead).map((each) => each.bands[4]), ...told.map((each) => each.fan[4])];
    const decision = chosen();
    const at = decision && edges()[decision.step - 1];
    const [before, end] = edges().slice(-2); // half a step more, for the last step's bar is drawn around its end
    return {
      ...layout,
      uirevision: shown,
      hoverdistance: -1,
      xaxis: { ...layout.xaxis, range: [0, end + (end - before) / 2] },
      yaxis: { ...layout.yaxis, domain: [0.79, 1], rangemode: undefined, range: [0, highest([...workers, ...planned])] },
      yaxis5: { ...layout.yaxis2, title: { text: "tasks a step" }, domain: [0.55, 0.73], rangemode: undefined, range: [0, highest([came, ...foreseen])] },
      yaxis2: { ...layout.yaxis2, domain: [0.37, 0.51] },
      yaxis3: { ...layout.yaxis3, domain: [0.2, 0.33] },
      yaxis4: { ...layout.yaxis4, domain: [0, 0.16] },
      legend2: { orientation: "h", x: 0, y: 0.735, yanchor: "bottom", traceorder: "reversed" },
      shapes: decision ? [{ type: "line", x0: at, x1: at, yref: "paper", y0: 0, y1: 1, line: { color: "#6b6b6b", width: 1, dash: "dot" } }] : [],
    };
  }

  // Asked for many times while the slider moves, drawn once a frame.
  let asked = false;
  function moved() {
    tell();
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      redraw();
    });
  }

  slider().addEventListener("input", moved);
  byId("ahead").addEventListener("change", moved);
  byId("whole").addEventListener("click", () => {
    choose(0);
    slider().focus({ preventScroll: true });
  });
  byId("earlier").addEventListener("click", () => choose(Number(slider().value) - 1));
  byId("later").addEventListener("click", () => choose(Number(slider().value) + 1));
  byId("drill-table").addEventListener("click", (event) => {
    const row = event.target.closest("tbody tr");
    if (row) chooseStep(row.rowIndex);
  });

  // Once the plot is there: a click anywhere in it chooses the step under the pointer.
  function listen() {
    const plot = byId("drill-plot");
    plot.on("plotly_click", ({ event, points }) => {
      const axis = points[0].xaxis;
      if (seen) chooseAt(axis.p2d(event.clientX - plot.getBoundingClientRect().left - axis._offset));
    });
  }

  return { show, traces, fitted, listen };
})();
