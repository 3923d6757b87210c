// Draws the charts of a result in the page's colours. The same figures stand in a table beside each chart.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const { fontFamily } = getComputedStyle(document.body);
  const axis = () => ({ color: css("--bs-body-color"), fontFamily, fontSize: 13, lineHeight: 16 });

  // Breaks a long name near its middle, so that it fits beside the radar.
  const wrapped = (name) => {
    const words = name.split(" ");
    if (name.length < 14 || words.length < 2) return name;
    const middle = Math.ceil(words.length / 2);
    return `${words.slice(0, middle).join(" ")}\n${words.slice(middle).join(" ")}`;
  };

  // Between the marks of an axis; whole numbers, unless those would be too many.
  const step = (top) => (top <= 10 ? 1 : top / 5);

  // The library goes round against the clock; people read with it.
  const clockwise = ([first, ...others]) => [first, ...others.reverse()];

  const COLOURS = ["--level-3", "--level-5", "--level-1", "--level-0", "--level-2"];
  const SYMBOLS = ["rect", "triangle", "diamond", "emptyRect", "emptyTriangle"];

  // A line of the radar; of several, rounds are told apart by their dashes and symbols too.
  const outline = ({ name, scores }, colour, { width, type, symbol, opacity }) => ({
    name,
    value: clockwise(scores),
    symbol,
    symbolSize: 6,
    lineStyle: { width, type, color: css(colour) },
    itemStyle: { color: css(colour) },
    areaStyle: { color: css(colour), opacity },
  });
  const outlines = ({ earlier = [], target, name, scores }) => [
    ...(target ? [outline(target, "--bs-secondary-color", { width: 2, type: "dashed", symbol: "none", opacity: 0 })] : []),
    ...earlier.map((round, n) =>
      outline(round, COLOURS[n % COLOURS.length], { width: 1.5, type: "solid", symbol: SYMBOLS[n % SYMBOLS.length], opacity: 0 }),
    ),
    outline({ name, scores }, "--brand", { width: 2.5, type: "solid", symbol: "circle", opacity: 0.2 }),
  ];

  // A share of what there is, in pixels, less where the names at both sides need the room.
  const radius = ({ clientWidth: width, clientHeight: height }, share) =>
    width < 400 ? "46%" : Math.min((share * Math.min(width, height)) / 2, width / 2 - 115);

  const radar = (data, element) => ({
    animation: false,
    ...(data.name && { legend: { bottom: 0, textStyle: { ...axis(), fontSize: 12 }, itemWidth: 18, itemGap: 12 } }),
    radar: {
      indicator: clockwise(data.names).map((name, n) => ({
        name: wrapped(name),
        max: data.top,
        axisLabel: { show: n === 0, color: css("--bs-secondary-color"), fontSize: 11, showMinLabel: false },
      })),
      radius: radius(element, data.name ? 0.68 : 0.58),
      splitNumber: Math.max(Math.round(data.top / step(data.top)), 1),
      axisName: { ...axis(), fontSize: element.clientWidth < 400 ? 11 : 13 },
      center: ["50%", data.name ? "46%" : "54%"],
      axisLine: { lineStyle: { color: css("--bs-secondary-color"), opacity: 0.35 } },
      splitLine: { lineStyle: { color: css("--bs-secondary-color"), opacity: 0.35 } },
      splitArea: { show: false },
    },
    series: [{ type: "radar", data: outlines(data) }],
  });

  const trend = (data, element) => {
    const narrow = element.clientWidth < 420;
    const line = (name, scores, extra) => ({ name, type: "line", data: scores, symbolSize: 7, ...extra });
    const ahead = data.projected;
    // More lines than colours get other symbols in the next turn.
    const symbol = (n) => SYMBOLS[(n + Math.floor(n / COLOURS.length)) % SYMBOLS.length];
    const scrolls = data.dimensions.length > 8;
    const legendHeight = scrolls ? 60 : narrow ? 156 + (ahead ? 28 : 0) : 92;
    return {
      animation: false,
      grid: { left: 28, right: 16, top: 16, bottom: legendHeight },
      legend: {
        type: scrolls ? "scroll" : "plain",
        bottom: 0,
        textStyle: { ...axis(), fontSize: 12 },
        itemWidth: 18,
        itemGap: 12,
      },
      xAxis: {
        type: "category",
        data: ahead ? [...data.rounds, ahead.round] : data.rounds,
        axisLabel: axis(),
        axisLine: { lineStyle: { color: css("--line") } },
        axisTick: { show: false },
      },
      yAxis: {
        type: "value",
        min: 0,
        max: data.top,
        interval: step(data.top),
        axisLabel: axis(),
        splitLine: { lineStyle: { color: css("--line") } },
      },
      series: [
        ...data.dimensions.map(({ name, scores }, n) =>
          line(name, scores, {
            symbol: symbol(n),
            lineStyle: { width: 1.5, color: css(COLOURS[n % COLOURS.length]), opacity: 0.8 },
            itemStyle: { color: css(COLOURS[n % COLOURS.length]) },
          }),
        ),
        ...(data.overall
          ? [
              line(element.dataset.overall, data.overall, {
                symbol: "circle",
                symbolSize: 9,
                z: 3,
                lineStyle: { width: 4, color: css("--brand") },
                itemStyle: { color: css("--brand") },
              }),
            ]
          : []),
        ...(ahead
          ? [
              line(element.dataset.projected, [...data.overall.map((score, n, all) => (all[n + 1] === undefined ? score : null)), ahead.score], {
                symbol: "emptyCircle",
                symbolSize: 9,
                lineStyle: { width: 2.5, type: "dashed", color: css("--brand") },
                itemStyle: { color: css("--brand") },
              }),
            ]
          : []),
      ],
    };
  };

  const KINDS = { radar, trend };
  const drawer = (element) => {
    const data = JSON.parse(document.getElementById(element.dataset.source).textContent);
    const chart = echarts.init(element, null, { renderer: "svg" });
    const draw = () => {
      chart.resize();
      chart.setOption(KINDS[element.dataset.chart](data, element), true);
    };
    draw();
    return draw;
  };
  const drawAll = () => [...document.querySelectorAll("[data-chart]")].map(drawer);
  let drawn = drawAll();
  const redraw = () => drawn.forEach((draw) => draw());

  // What htmx puts in place of a part of the page has charts that nobody has drawn.
  document.addEventListener("htmx:afterSettle", () => {
    drawn = drawAll();
  });
  document.addEventListener("themechange", redraw);
  window.addEventListener("resize", redraw);
  window.addEventListener("beforeprint", redraw);
  document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
})();
