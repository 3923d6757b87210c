// Draws a business case: the cumulative cash and the tornado. The same figures stand in tables; htmx brings new ones.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const { fontFamily } = getComputedStyle(document.body);
  const axis = () => ({ color: css("--bs-body-color"), fontFamily, fontSize: 12 });
  const short = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact", maximumSignificantDigits: 3 });
  const COLOURS = { low: "--level-0", expected: "--brand", high: "--level-5" };
  const TYPES = { low: "dashed", expected: "solid", high: "dotted" };

  const amounts = (currency) => ({ valueFormatter: (value) => `${currency} ${short.format(value)}`, confine: true, textStyle: { fontFamily } });

  const curve = ({ lines, currency }, element) => ({
    animation: false,
    grid: { left: 8, right: 16, top: 16, bottom: 56, containLabel: true },
    legend: { bottom: 0, textStyle: axis(), itemWidth: 28 },
    tooltip: { trigger: "axis", ...amounts(currency) },
    xAxis: {
      type: "category",
      name: element.dataset.month,
      nameLocation: "middle",
      nameGap: 24,
      nameTextStyle: axis(),
      data: lines[0].values.map((_, month) => month),
      axisLabel: { ...axis(), interval: 5 },
      axisLine: { onZero: true, lineStyle: { color: css("--bs-secondary-color") } },
      axisTick: { show: false },
      boundaryGap: false,
    },
    yAxis: { type: "value", axisLabel: { ...axis(), formatter: (value) => short.format(value) }, splitLine: { lineStyle: { color: css("--line") } } },
    series: lines.map(({ key, name, values }) => ({
      name,
      type: "line",
      data: values,
      symbol: "none",
      lineStyle: { width: key === "expected" ? 4 : 2, type: TYPES[key], color: css(COLOURS[key]) },
      itemStyle: { color: css(COLOURS[key]) },
    })),
  });

  // A bar from the value in the middle to the value at one end.
  const bar = (middle, colour) => (params, api) => {
    const [start, y] = api.coord([middle, api.value(1)]);
    const [end] = api.coord([api.value(0), api.value(1)]);
    const height = api.size([0, 1])[1] * 0.65;
    return { type: "rect", shape: { x: Math.min(start, end), y: y - height / 2, width: Math.abs(end - start), height }, style: { fill: css(colour) } };
  };
  const tornado = ({ bars, middle, currency }, element) => {
    const rows = [...bars].reverse();
    const end = (key, colour) => ({
      name: element.dataset[key],
      type: "custom",
      renderItem: bar(middle, colour),
      encode: { x: 0, y: 1, tooltip: 0 },
      data: rows.map((row, n) => [row[key], n]),
      itemStyle: { color: css(colour) },
    });
    const narrow = element.clientWidth < 480;
    return {
      animation: false,
      grid: { left: 8, right: 24, top: 8, bottom: 56, containLabel: true },
      legend: { bottom: 0, textStyle: axis(), itemWidth: 18 },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow", axis: "y" }, ...amounts(currency) },
      xAxis: {
        type: "value",
        scale: true,
        splitNumber: narrow ? 3 : 6,
        axisLabel: { ...axis(), hideOverlap: true, formatter: (value) => short.format(value) },
        splitLine: { lineStyle: { color: css("--line") } },
      },
      yAxis: {
        type: "category",
        data: rows.map((row) => row.name),
        axisLabel: { ...axis(), fontSize: narrow ? 11 : 12, lineHeight: 13, width: narrow ? 110 : 200, overflow: "break" },
        axisLine: { show: false },
        axisTick: { show: false },
      },
      series: [end("low", "--level-0"), end("high", "--level-5")],
    };
  };

  const KINDS = { curve, tornado };
  const draw = () =>
    document.querySelectorAll("[data-case-chart]").forEach((element) => {
      const data = JSON.parse(document.getElementById(element.dataset.source).textContent);
      const chart = echarts.getInstanceByDom(element) || echarts.init(element, null, { renderer: "svg" });
      chart.resize();
      chart.setOption(KINDS[element.dataset.caseChart](data, element), true);
    });

  // A link to a figure opens what it lies in.
  const open = () => {
    const field = location.hash && document.getElementById(location.hash.slice(1));
    for (let part = field && field.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    if (field) field.focus();
  };

  // What is unfolded stays so when new figures come.
  let unfolded = [];
  document.body.addEventListener("htmx:beforeSwap", () => {
    unfolded = [...document.querySelectorAll("#case details[open]")].map((part) => part.id);
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    unfolded.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    draw();
  });

  draw();
  open();
  window.addEventListener("hashchange", open);
  document.addEventListener("themechange", draw);
  window.addEventListener("resize", draw);
  window.addEventListener("beforeprint", draw);
})();
