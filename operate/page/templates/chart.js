"use strict";
// A chart in SVG: lines, steps and bands over time, with a legend that tells the values under the pointer.
const chart = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const LEFT = 48, RIGHT = 10, TOP = 8, BOTTOM = 22;

  function node(kind, attributes = {}, text) {
    const made = document.createElementNS(SVG, kind);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }
  const element = (kind, attributes, ...children) => {
    const made = Object.assign(document.createElement(kind), attributes);
    made.append(...children);
    return made;
  };

  const known = (value) => value !== null && value !== undefined;
  // With as many digits as can matter.
  function number(value) {
    if (!known(value)) return "?";
    const size = Math.abs(value);
    return Number(value).toLocaleString("en", { maximumFractionDigits: size < 10 ? 2 : size < 100 ? 1 : 0 });
  }

  function ticksOf(low, high, most) {
    const rough = (high - low) / most || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999);
    const found = [];
    for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-6; value += step) {
      found.push(Number(value.toPrecision(12)));
    }
    return found;
  }

  // Seconds from now, where people read clocks: whole seconds, minutes or hours.
  function timesOf(from, to, most) {
    const step = [2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400].find((each) => (to - from) / each <= most) || 28800;
    const found = [];
    for (let time = Math.ceil(from / step) * step; time <= to; time += step) found.push(time);
    return found;
  }
  // One unit for a whole axis: the one that fits its length.
  function ago(seconds, long) {
    if (seconds === 0) return "now";
    const [size, unit] = long <= 120 ? [1, "s"] : long <= 7200 ? [60, "min"] : [3600, "h"];
    return `${seconds < 0 ? "−" : "+"}${Number((Math.abs(seconds) / size).toFixed(1))} ${unit}`;
  }

  // A line is cut where nobody knows, and where ticks are missing.
  function pieces(series, gap) {
    const found = [];
    let piece = [];
    series.x.forEach((x, index) => {
      const ys = [series.y, series.low].filter(Boolean).map((list) => list[index]);
      if (piece.length && (!ys.every(known) || x - piece.at(-1)[0] > gap)) found.push(piece.splice(0));
      if (ys.every(known)) piece.push([x, ...ys]);
    });
    if (piece.length) found.push(piece);
    return found;
  }

  // "after": a value holds until the next; "before": it tells of the time since the one before.
  function corners(points, hold) {
    if (!hold) return points;
    return points.flatMap((point, index) => {
      if (!index) return [point];
      const before = points[index - 1];
      return hold === "after" ? [[point[0], before[1], before[2]], point] : [[before[0], point[1], point[2]], point];
    });
  }

  function pathsOf(series, scale, gap) {
    const drawn = pieces(series, gap).map((piece) => corners(piece, series.hold));
    const place = (x, y) => `${scale.x(x).toFixed(1)},${scale.y(y).toFixed(1)}`;
    const along = (points, at) => points.map((point) => place(point[0], point[at]));
    const open = (points) => `M${along(points, 1).join("L")}`;
    const ground = (points) => [points.at(-1), points[0]].map(([x]) => place(x, scale.low));
    const under = (points) => (series.low ? along(points, 2).reverse() : ground(points));
    const closed = (points) => `${open(points)}L${under(points).join("L")}Z`;
    const path = (kind, shape) => node("path", { class: `${kind} ${series.look}`, d: drawn.map(shape).join("") });
    return [...(series.low || series.filled ? [path("fill", closed)] : []), ...(series.low ? [] : [path("line", open)])];
  }

  function swatch(series) {
    const spot = node("svg", { width: 26, height: 10, "aria-hidden": "true" });
    if (series.low || series.filled) spot.append(node("rect", { class: `fill ${series.look}`, y: 0, width: 26, height: 10 }));
    if (!series.low) spot.append(node("line", { class: `line ${series.look}`, x2: 26, y1: 5, y2: 5 }));
    return spot;
  }

  function nearest(series, time) {
    let best = -1;
    series.x.forEach((x, index) => {
      if (best < 0 || Math.abs(x - time) < Math.abs(series.x[best] - time)) best = index;
    });
    return best;
  }

  function frame(svg, spec, scale, width, height) {
    for (const value of ticksOf(scale.low, scale.high, 4)) {
      const y = scale.y(value);
      svg.append(node("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y, y2: y }));
      svg.append(node("text", { x: LEFT - 7, y: y + 4, "text-anchor": "end" }, spec.tick ? spec.tick(value) : number(value)));
    }
    for (const time of timesOf(spec.from, spec.to, Math.min(9, Math.floor((width - LEFT) / 64)))) {
      const x = scale.x(time);
      const anchor = x > width - 30 ? "end" : x < LEFT + 18 ? "start" : "middle";
      svg.append(node("line", { class: time ? "grid" : "axis", x1: x, x2: x, y1: TOP, y2: height - BOTTOM }));
      svg.append(node("text", { x, y: height - 6, "text-anchor": anchor }, ago(time, spec.to - spec.from)));
    }
  }

  function scaleOf(spec, width, height) {
    const all = spec.series.filter((each) => !each.apart).flatMap((each) => [...each.y, ...(each.low || [])]).filter(known);
    const low = spec.low ?? 0;
    const high = spec.high ?? Math.max(spec.least || 1, ...all) * 1.06;
    return {
      low, high,
      x: (time) => LEFT + ((time - spec.from) / (spec.to - spec.from)) * (width - LEFT - RIGHT),
      y: (value) => TOP + (1 - (Math.min(Math.max(value, low), high) - low) / (high - low)) * (height - TOP - BOTTOM),
      time: (x) => spec.from + ((x - LEFT) / (width - LEFT - RIGHT)) * (spec.to - spec.from),
    };
  }

  // What the legend shows: the newest values, or those under the pointer.
  function tell(figure, time) {
    const { spec } = figure;
    const show = spec.show || number;
    figure.values.forEach(([spot, series]) => {
      if (series.plain) return;
      const at = time === null ? series.x.length - 1 : nearest(series, time);
      const from = series.low ? `${show(series.low[at])}–` : "";
      spot.textContent = at < 0 ? "?" : from + show(series.y[at]);
    });
    figure.when.textContent = time === null ? "" : ago(Math.round(time), spec.to - spec.from);
    figure.cursor.setAttribute("visibility", time === null ? "hidden" : "visible");
    if (time === null) return;
    const x = figure.scale.x(time);
    figure.cursor.setAttribute("x1", x);
    figure.cursor.setAttribute("x2", x);
  }

  const summary = (spec) => {
    const show = spec.show || number;
    const told = spec.series.filter((each) => !each.plain && !each.low && each.y.some(known)).map((each) => {
      const values = each.y.filter(known);
      return `${each.name} ${show(values.at(-1))}, between ${show(Math.min(...values))} and ${show(Math.max(...values))}`;
    });
    const [from, to] = [spec.from, spec.to].map((time) => ago(Math.round(time), spec.to - spec.from));
    return `${spec.title}, from ${from} to ${to}: ${told.join("; ") || "nothing yet"}.`;
  };

  function build(place) {
    const svg = node("svg", { class: "plot", role: "img" });
    const legend = element("ul", { className: "legend" });
    place.append(legend, svg);
    const figure = { place, svg, legend, hovered: null, spec: null };
    const point = (event) => {
      if (!figure.spec) return;
      const time = figure.scale.time(event.clientX - svg.getBoundingClientRect().left);
      figure.hovered = Math.min(Math.max(time, figure.spec.from), figure.spec.to);
      tell(figure, figure.hovered);
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("pointerleave", () => {
      figure.hovered = null;
      if (figure.spec) tell(figure, null);
    });
    new ResizeObserver(() => figure.spec && draw(figure, figure.spec)).observe(svg);
    return figure;
  }

  function draw(figure, spec) {
    const { svg, legend } = figure;
    const { width, height } = svg.getBoundingClientRect();
    if (!width) return;
    const scale = scaleOf(spec, width, height);
    Object.assign(figure, { spec, scale });
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("aria-label", summary(spec));
    svg.replaceChildren();
    frame(svg, spec, scale, width, height);
    for (const series of spec.series) svg.append(...pathsOf(series, scale, spec.gap));
    figure.cursor = node("line", { class: "cursor", y1: TOP, y2: height - BOTTOM, visibility: "hidden" });
    svg.append(figure.cursor);
    figure.values = spec.series.map((series) => [element("b"), series]);
    figure.when = element("li", { className: "when" });
    const item = ([spot, series]) => element("li", {}, swatch(series), series.name, ...(series.plain ? [] : [spot]));
    legend.replaceChildren(...figure.values.map(item), figure.when);
    tell(figure, figure.hovered);
  }

  const figures = new Map();
  function show(id, spec) {
    const place = document.getElementById(id);
    if (!figures.has(id)) figures.set(id, build(place));
    draw(figures.get(id), spec);
  }

  return { show, element, number, known };
})();
