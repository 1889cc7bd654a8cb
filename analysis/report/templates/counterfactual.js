// Draws the figures that the page carries.
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const config = {
    responsive: true, displaylogo: false, plotlyServerURL: "", showSendToCloud: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "sendDataToCloud", "sendChartToCloud"],
  };
  const narrow = window.matchMedia("(max-width: 700px)");

  function draw() {
    for (const spot of document.querySelectorAll("[data-figure]")) {
      const figure = figures[spot.dataset.figure];
      const layout = structuredClone(figure.layout);
      if (narrow.matches) Object.assign(layout, { margin: { ...layout.margin, l: 54, r: 12 }, font: { ...layout.font, size: 11 } });
      Plotly.react(spot, figure.data, layout, { ...config, displayModeBar: narrow.matches ? false : "hover" });
    }
  }

  narrow.addEventListener("change", draw);
  draw();
  document.documentElement.dataset.ready = "yes";
})();
