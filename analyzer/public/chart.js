// Replaces the drawn chart by one with a cursor, from the same numbers. The page is whole without it.
(() => {
  const figure = document.querySelector('figure[data-series]');
  const { uPlot } = window;
  if (!figure || !uPlot) return;
  const still = figure.querySelector('svg');
  const colour = (name) => window.getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const height = 300;

  const draw = (answer) => {
    const bins = answer.bins;
    if (bins.length === 0) return;
    const seconds = (iso) => Date.parse(iso) / 1000;
    // A bin of 1 to 4 clients is drawn between; its number is not known here either.
    const observed = bins.map((b) => (b.clients_text === '< 5' ? 2.5 : b.clients));
    const data = [
      bins.map((b) => seconds(b.start)),
      bins.map((b) => b.high),
      bins.map((b) => b.low),
      bins.map((b) => b.expected),
      observed,
    ];
    const text = (read) => (_u, _value, _series, index) => (index == null ? '–' : read(bins[index]));
    const axis = { stroke: colour('--soft'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line') } };
    const from = seconds(figure.dataset.from);
    const to = figure.dataset.to ? seconds(figure.dataset.to) : seconds(bins[bins.length - 1].start) + answer.bin_seconds;
    const shade = (u) => {
      const left = u.valToPos(from, 'x', true);
      const right = u.valToPos(to, 'x', true);
      u.ctx.save();
      u.ctx.fillStyle = colour('--window');
      u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
      u.ctx.restore();
    };
    const place = document.createElement('div');
    place.className = 'live-chart';
    const stepped = uPlot.paths.stepped({ align: 1 });
    const none = { points: { show: false } };
    const width = () => Math.max(320, figure.clientWidth - 18);
    const plot = new uPlot(
      {
        width: width(),
        height,
        tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), 'Etc/UTC'),
        hooks: { drawClear: [shade] },
        cursor: { y: false },
        scales: { y: { range: (_u, _min, max) => [0, Math.max(5, max * 1.1)] } },
        axes: [
          { ...axis, values: (_u, splits) => splits.map((s) => new Date(s * 1000).toISOString().slice(11, 16)) },
          { ...axis, size: 44 },
        ],
        bands: [{ series: [1, 2], fill: colour('--band') + '99' }],
        series: [
          { label: 'UTC', value: text((b) => b.start.slice(11, 19)) },
          { label: 'at most', stroke: 'transparent', paths: stepped, value: text((b) => b.high), ...none },
          { label: 'at least', stroke: 'transparent', paths: stepped, value: text((b) => b.low), ...none },
          {
            label: 'expected',
            stroke: colour('--expected'),
            width: 1.5,
            paths: stepped,
            value: text((b) => (b.learning ? 'learning' : b.expected)),
            ...none,
          },
          {
            label: 'failing clients',
            stroke: colour('--observed'),
            fill: colour('--observed') + '55',
            width: 1.5,
            paths: stepped,
            value: text((b) => b.clients_text),
            ...none,
          },
        ],
      },
      data,
      place,
    );
    still.replaceWith(place);
    window.addEventListener('resize', () => plot.setSize({ width: width(), height }));
  };

  fetch(figure.dataset.series)
    .then((answer) => (answer.ok ? answer.json() : undefined))
    .then((answer) => answer && draw(answer))
    .catch(() => undefined);
})();
