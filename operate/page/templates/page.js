(() => {
  // Polls the controller, and shows what it said. Everything it says is put in as text, never as markup.
  const { element, number, known } = chart;
  const byId = (id) => document.getElementById(id);
  const [interval, promised, most] = ["interval", "share", "most"].map((name) => Number(document.body.dataset[name]));
  const EVERY_MS = Math.min(4000, Math.max(500, 500 * interval));
  const FEW = 8; // decisions shown at first
  const HOUR = 3600;
  const NAMES = {
    backlog: "backlog", in_flight: "tasks in work", arrived: "arrivals", completed: "completions", missed: "late tasks",
    service_s: "work of a task", oldest_s: "age of the oldest",
  };
  let state = null;
  let heard = null; // when the controller last answered, by this clock
  let all = false;
  let listed = ""; // which decisions stand in the table: it is left alone while they are the same

  const span = (seconds) => {
    if (seconds < 90) return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
    return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Number((seconds / 3600).toFixed(1))} h`;
  };
  const clock = (date) => date.toLocaleTimeString([], { hour12: false });
  const percent = (value) => (known(value) ? `${Number((100 * value).toFixed(2))} %` : "?");
  // Only what differs is written, so that what is read aloud is what is new.
  const say = (id, text) => {
    if (byId(id).textContent !== text) byId(id).textContent = text;
  };
  const notice = (text) => {
    byId("notice").hidden = !text;
    say("notice", text);
  };

  function showStatus(now) {
    const word = now.alive ? now.word : "hanging";
    byId("word").className = `badge ${word}`;
    say("word", word);
    say("headline", now.alive ? now.headline : `The loop does not tick: the last tick is ${span(now.since_tick_s || 0)} old.`);
    notice([now.stale, now.changed_by].filter(Boolean).join(" "));
    if (now.tick === null) return;
    const fact = (name, value) => element("li", {}, `${name} `, element("b", { textContent: value }));
    byId("facts").replaceChildren(
      fact("policy", now.policy),
      ...(now.decided_by && now.decided_by !== now.policy ? [fact("decided by", now.decided_by)] : []),
      fact("leads", now.leads ? "yes" : "no"),
      fact("readings", `${span(now.age_s)} old`),
      fact("tick", `${number(now.tick)}, ${span(now.since_tick_s || 0)} ago`),
      fact("worker-hours today", number(now.hours_today)),
      fact("controller", now.operator),
    );
  }

  function big(id, value, unit) {
    byId(id).replaceChildren(value, ...(unit ? [element("span", { className: "unit", textContent: unit })] : []));
  }

  function showTiles({ now, series }) {
    const last = (name) => series[name].at(-1);
    const guessed = now.estimated?.length ? [`estimated: ${now.estimated.map((name) => NAMES[name] || name).join(", ")}`] : [];
    const oldest = known(now.oldest_s) && now.oldest_s > 0 ? [`the oldest for ${span(now.oldest_s)}`] : [];
    const held = known(now.in_flight) ? [`${number(now.in_flight)} in work`] : [];
    big("backlog-now", (now.estimated?.includes("backlog") ? "≈ " : "") + number(last("backlog")), "tasks");
    say("backlog-more", [...oldest, ...held, ...guessed].join("; "));
    big("workers-now", number(last("requested")), last("wanted") === last("requested") ? "as wanted" : `${number(last("wanted"))} wanted`);
    const leaving = now.draining ? `, ${now.draining} draining` : "";
    say("workers-more", `${number(last("applied"))} applied, ${number(last("ready"))} ready${leaving}`);
    big("share-now", percent(now.share));
    big("burn-now", number(now.burn), known(now.burn) ? (now.burn > 1 ? "× the allowance" : "of 1") : "");
    say("burning", now.burning);
    byId("burned").style.width = `${100 * Math.min(1, now.burn || 0)}%`;
    byId("burned").className = now.burn > 1 ? "over" : now.burn > 0.75 ? "much" : "";
  }

  function showCharts({ now, series, forecast }) {
    const end = series.time_s.at(-1);
    const x = series.time_s.map((time) => time - end);
    const step = now.step_s;
    const from = Math.min(-10 * step, Math.max(-HOUR, x[0]));
    const spec = { from, to: 0, gap: 2.5 * step };
    const line = (name, look, key, more) => ({ name, look, x, y: series[key], ...more });
    const level = (name, look, value) => ({ name, look, x: [from, 0], y: [value, value], plain: true, apart: true });
    chart.show("backlog", { ...spec, title: "Tasks waiting", least: 5, series: [line("waiting", "queue", "backlog", { filled: true })] });
    const bound = Math.max(...series.requested, ...series.wanted) > 0.7 * most ? [level("most allowed", "bound", most)] : [];
    chart.show("workers", {
      ...spec, title: "Workers", least: bound.length ? most : 3, gap: Infinity,
      series: [
        ...bound, line("in force", "force", "requested", { filled: true, hold: "after" }),
        ...["ready", "applied", "wanted"].map((name) => line(name, name, name, { hold: "after" })),
      ],
    });
    chart.show("arrivals", {
      ...spec, title: "Tasks that came in a tick", least: 5,
      series: [line("came", "came", "arrived", { filled: true, hold: "before" })],
    });
    const shares = series.share.filter(known);
    const lowest = Math.max(0, Math.min(promised - 2 * (1 - promised), ...shares) - 0.1 * (1 - promised));
    chart.show("slo", {
      ...spec, title: "Share in time", low: lowest, high: 1, tick: percent, show: percent, gap: Infinity,
      series: [line("in time", "share", "share"), level("promised", "promise", promised)],
    });
    showFan(x, series.arrived, forecast, step);
  }

  // The last steps and as many again as are foreseen; a forecast of step k tells of the time from k - 1 to k.
  function showFan(x, came, forecast, step) {
    byId("forecast").hidden = !forecast;
    byId("arrivals").classList.toggle("wide", !forecast);
    if (!forecast) return;
    const horizon = forecast["0.5"]?.length || Object.values(forecast)[0].length;
    const back = Math.max(20, 2 * horizon);
    const ahead = Array.from({ length: horizon + 1 }, (_, index) => index * step);
    const held = (values) => [values[0], ...values];
    const band = (name, look, low, high) =>
      forecast[low] && forecast[high] ? [{ name, look, x: ahead, y: held(forecast[high]), low: held(forecast[low]), hold: "before" }] : [];
    say("forecast-how", `tasks a tick, and what is held to come in ${span(horizon * step)}`);
    chart.show("forecast", {
      title: "Tasks a tick, seen and foreseen", from: -back * step, to: horizon * step, gap: 2.5 * step, least: 5,
      series: [
        ...band("5–95 %", "outer", "0.05", "0.95"), ...band("25–75 %", "inner", "0.25", "0.75"),
        ...(forecast["0.5"] ? [{ name: "median", look: "median", x: ahead, y: held(forecast["0.5"]), hold: "before" }] : []),
        { name: "came", look: "came", x: x.slice(-back - 1), y: came.slice(-back - 1), hold: "before" },
      ],
    });
  }

  function workersOf(each) {
    if (!known(each.wanted)) return each.kind;
    const proposed = known(each.proposed) && each.proposed !== each.wanted ? ` (policy: ${each.proposed})` : "";
    if (each.wanted === each.requested) return `${each.wanted}, stays${proposed}`;
    const answer = each.outcome && each.outcome !== "ok" ? ` (${each.outcome.replaceAll("_", " ")})` : "";
    return `${each.requested} → ${each.wanted}${proposed}${known(each.written) ? answer : " (not written)"}`;
  }

  function rowOf(each) {
    const when = element("time", { dateTime: each.at, title: each.at, textContent: clock(new Date(each.at)) });
    const bends = each.bends.map((bend) => element("p", { className: "bend" },
      element("b", { textContent: bend.guardrail.replaceAll("_", " ") }), ` ${bend.before} → ${bend.after}. ${bend.because}`));
    const remarks = each.remarks.map((text) => element("p", { className: "remark", textContent: text }));
    const changed = known(each.wanted) && each.wanted !== each.requested;
    // On a phone rows are no table's any more; the roles keep them one for those who listen.
    return element("tr", { role: "row" },
      element("td", { role: "cell" }, when),
      element("td", { role: "cell", textContent: each.by || "–" }),
      element("td", { role: "cell", className: changed ? "change" : "", textContent: workersOf(each) }),
      element("td", { role: "cell" }, each.because, ...bends, ...remarks));
  }

  function showDecisions() {
    const only = byId("notable").checked;
    const found = state.decisions.filter((each) => !only || each.notable);
    const wanted = [only, all, found.length, found[0]?.at].join();
    if (wanted === listed) return;
    listed = wanted;
    byId("decisions").replaceChildren(...found.slice(0, all ? found.length : FEW).map(rowOf));
    byId("more").hidden = found.length <= FEW;
    say("more", all ? "Show fewer" : `Show all ${found.length}`);
    byId("none").hidden = found.length > 0;
  }

  function show() {
    showStatus(state.now);
    if (state.series.time_s.length) {
      showTiles(state);
      showCharts(state);
    }
    showDecisions();
  }

  // What the controller says, or nothing where it cannot be asked.
  async function ask() {
    try {
      const answer = await fetch("state.json", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  async function poll() {
    const said = await ask();
    setTimeout(poll, EVERY_MS);
    if (!said) return lost();
    state = said;
    heard = new Date();
    show();
    document.documentElement.dataset.tick = state.now.tick;
  }

  function lost() {
    byId("word").className = "badge lost";
    say("word", "no answer");
    const since = `What is shown is old: the controller has not answered since ${clock(heard || new Date())}.`;
    say("headline", heard ? since : "The controller does not answer.");
  }

  byId("notable").addEventListener("change", showDecisions);
  byId("more").addEventListener("click", () => {
    all = !all;
    showDecisions();
  });
  poll();
})();
