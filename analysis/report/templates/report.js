// Draws what the page carries: ready-made figures, and one episode at a time on request.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const figures = read("figures");
  const episodes = read("episodes");
  // No button that would send the chart somewhere: the page is for reading offline.
  const config = {
    responsive: true, displaylogo: false, plotlyServerURL: "", showSendToCloud: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "sendDataToCloud", "sendChartToCloud"],
  };
  const byId = (id) => document.getElementById(id);
  const narrow = window.matchMedia("(max-width: 700px)");
  let scenario = 0;

  // On a phone panels stand below each other, and nothing lies over the legend.
  function fitted(layout) {
    if (!narrow.matches) return layout;
    const narrowed = structuredClone(layout);
    narrowed.margin = { ...narrowed.margin, l: 54, r: 12 };
    narrowed.font = { ...narrowed.font, size: 11 };
    const panels = Object.keys(narrowed).filter((key) => /^yaxis\d*$/.test(key) && narrowed[`x${key.slice(1)}`]);
    if (panels.length < 2) return narrowed;
    panels.forEach((key, index) => {
      const top = 1 - index / panels.length;
      narrowed[key].domain = [top - 1 / panels.length + (index < panels.length - 1 ? 0.05 : 0), top];
      narrowed[`x${key.slice(1)}`].domain = [0, 1];
    });
    return narrowed;
  }
  const settings = () => ({ ...config, displayModeBar: narrow.matches ? false : "hover" });

  function drawFigures() {
    for (const spot of document.querySelectorAll(`[data-scenario="${scenario}"] [data-figure]`)) {
      if (spot.dataset.drawn) continue;
      spot.dataset.drawn = "yes";
      const figure = figures[spot.dataset.figure];
      Plotly.react(spot, figure.data, fitted(figure.layout), settings());
    }
  }

  function options(select, labels) {
    select.replaceChildren(...labels.map((label, index) => new Option(label, index)));
  }

  const agents = () => episodes.scenarios[scenario].agents;
  const chosenAgent = () => agents()[Number(byId("agent").value)];
  const chosen = () => chosenAgent().episodes[Number(byId("episode").value)];

  function showScenario(index) {
    scenario = index;
    for (const part of document.querySelectorAll(".scenario")) part.hidden = Number(part.dataset.scenario) !== index;
    drawFigures();
    options(byId("agent"), agents().map((agent) => agent.name));
    showAgent();
  }

  function showAgent() {
    options(byId("episode"), chosenAgent().episodes.map((episode) => episode.label));
    showEpisode();
  }

  function showEpisode() {
    const episode = chosen();
    byId("episode-facts").textContent = episode.facts;
    listEpisode(episode.steps);
    const draw = () => drawEpisode(episode.steps);
    foresight.show(episode.steps, episode.foresight, draw);
    draw();
  }

  const INK = { needed: "#d9d9d9", requested: "#0072B2", ready: "#009E73", busy: "#CC79A7", queue: "#E69F00", qos: "#D55E00" };

  function drawEpisode(steps) {
    const x = steps.time_s || steps.step;
    const data = [];
    const add = (key, name, row, style) => {
      if (steps[key]) data.push({ x, y: steps[key], name, xaxis: "x", yaxis: row === 1 ? "y" : `y${row}`, ...style });
    };
    // What was recorded at a step's end held throughout it, so the first step begins at 0.
    const addSteps = (key, name, style) => {
      if (steps[key]) add(key, name, 1, { ...style, x: [0, ...x], y: [steps[key][0], ...steps[key]] });
    };
    const line = (color, shape, width, dash) => ({ mode: "lines", line: { color, shape, width: width || 2, dash: dash || "solid" } });
    addSteps("offered_load", "offered load", { mode: "none", fill: "tozeroy", fillcolor: INK.needed, line: { shape: "vh" } });
    addSteps("workers_ready", "ready", line(INK.ready, "vh", 3.5));
    addSteps("workers", "requested", line(INK.requested, "vh", 1.8, "6px,3px"));
    addSteps("busy_workers", "busy", { ...line(INK.busy, "vh"), visible: "legendonly" });
    add("waiting", "waiting tasks", 2, line(INK.queue, "linear"));
    add("qos_percent", "QoS in the window", 3, line(INK.qos, "linear"));
    const terms = Object.keys(steps).filter((key) => key.startsWith("reward_"));
    terms.forEach((term, index) => {
      const color = episodes.palette[index % episodes.palette.length];
      const pattern = { shape: index < episodes.palette.length ? "" : "/" };
      add(term, term.slice(7).replaceAll("_", " "), 4, { type: "bar", marker: { color, pattern } });
    });
    add("reward", "reward", 4, { mode: "lines+markers", line: { color: "#222", width: 1.5 }, marker: { size: 4 } });
    data.push(...foresight.traces());
    Plotly.react("drill-plot", data, fitted(foresight.fitted(layout(steps))), settings());
  }

  function layout(steps) {
    const axis = (title, domain) => ({ title: { text: title }, domain, gridcolor: "#e4e4e4", zerolinecolor: "#bbb" });
    return {
      barmode: "relative", modebar: { orientation: "v" }, hovermode: "x unified", margin: { l: 64, r: 48, t: 64, b: 48 },
      font: { family: "system-ui, sans-serif", size: 13 }, legend: { orientation: "h", x: 0, y: 1.03, yanchor: "bottom" },
      xaxis: { title: { text: steps.time_s ? "time [s]" : "step" }, anchor: "y4", rangemode: "tozero", gridcolor: "#e4e4e4" },
      yaxis: { ...axis("workers", [0.76, 1]), rangemode: "tozero" },
      yaxis2: { ...axis("tasks waiting", [0.52, 0.72]), rangemode: "tozero" },
      yaxis3: { ...axis("QoS [%]", [0.3, 0.48]), range: [-2, 104] },
      yaxis4: axis("reward", [0, 0.26]),
    };
  }

  function listEpisode(steps) {
    const shown = episodes.columns.filter((column) => steps[column.key]);
    const row = (cells, kind) => {
      const line = document.createElement("tr");
      for (const text of cells) {
        const cell = document.createElement(kind);
        cell.textContent = text;
        line.append(cell);
      }
      return line;
    };
    const text = (value, decimals) => (typeof value === "number" ? value.toFixed(decimals) : String(value));
    byId("drill-table").tHead.replaceChildren(row(shown.map((column) => column.heading), "th"));
    byId("drill-table").tBodies[0].replaceChildren(
      ...steps.step.map((_, index) => row(shown.map((column) => text(steps[column.key][index], column.decimals)), "td")),
    );
  }

  byId("agent").addEventListener("change", showAgent);
  byId("episode").addEventListener("change", showEpisode);
  byId("scenario")?.addEventListener("change", (event) => showScenario(Number(event.target.value)));
  narrow.addEventListener("change", () => {
    for (const spot of document.querySelectorAll("[data-drawn]")) delete spot.dataset.drawn;
    drawFigures();
    showEpisode();
  });
  showScenario(0);
  foresight.listen();
  document.documentElement.dataset.ready = "yes";
})();
