// Lets one look closely at a time series. The picture that the server made
// stands in the page for who has no JavaScript, for paper and for exports; this
// draws the same from the same numbers, with a cursor that says them in words
// and a closer look at a stretch. Words, times and their zone are the server's.
/* global uPlot */

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colours = () => Object.fromEntries(Object.entries({
  ink: "--ink", quiet: "--ink-3", axis: "--line-strong", grid: "--d-grid", paper: "--paper", voices: "--d-voices", usual: "--d-expected",
  band: "--d-band", alert: "--cinnabar", answer: "--malachite",
}).map(([k, name]) => [k, token(name)]));

// niceStep is a round distance between grid lines, as in svg.go.
function niceStep(peak) {
  if (!(peak > 4)) return 2;
  const raw = peak / 3;
  const pow = 10 ** Math.floor(Math.log10(raw));
  return ([1, 2, 5, 10].find((m) => raw <= m * pow) ?? 10) * pow;
}

// fitting chooses as many ticks as there is room for, as in timeline.go.
function fitting(list, x, room) {
  let fit = [];
  for (const rank of [1, 3, 6, 7, 12, 24]) {
    const some = list.filter((k) => k.r >= rank);
    if (!some.length) break;
    fit = some;
    if (some.every((k, i) => !i || x(k.t) - x(some[i - 1].t) >= room)) return fit;
  }
  while (fit.length > 1 && x(fit[1].t) - x(fit[0].t) < room) fit = fit.filter((_, i) => i % 2 === 0);
  return fit;
}

function hatch(ctx, colour, left, top, width, height, px) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.25 * px;
  ctx.beginPath();
  for (let x = left - height; x < left + width; x += 8.5 * px) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
  ctx.restore();
}

function plot(fig) {
  const data = JSON.parse(fig.querySelector(".plot-data").textContent);
  const { v, marks, band, words } = data;
  let sum = 0;
  const t = data.t.map((s) => (sum += s));
  const n = v.length; // so many points; after them come the hours ahead
  const [first, last] = [t[0], t.at(-1)];
  const now = v.slice();
  if (data.soFar) now[n - 1] = null; // stands apart, and never as a fall
  const ahead = new Array(t.length - n).fill(null);
  const series = [t, [...now, ...ahead]];
  if (data.e) series.push([...data.e, ...ahead]);
  const ticks = t.map((at, i) => ({ t: at, r: data.r[i], s: data.s[i] }));

  // say puts one point into words.
  const fill = (sentence, ...values) => values.reduce((s, w, i) => s.replace(`{${i}}`, w), sentence);
  const thousands = new Intl.NumberFormat("en");
  const number = (f) => (f >= 10 || Number.isInteger(f) ? thousands.format(Math.round(f)) : f.toFixed(1));
  function say(i) {
    const f = band.find((b) => t[i] > b.a && t[i] <= b.b);
    if (i >= n) return f ? f.at + words.sep + fill(words.ahead, number(f.m), number(f.l), number(f.h)) : data.at[i];
    if (v[i] === null) return data.at[i] + words.sep + words.missing;
    let s = fill(v[i] === 1 ? words.one : words.many, number(v[i]));
    if (data.soFar && i === n - 1) s = fill(words.so_far, s);
    if (data.e) s += fill(words.usual, number(data.e[i]));
    for (const m of marks) if (m.t >= t[i] && (i + 1 === n || m.t < t[i + 1])) s += `${words.and}${m.s} ${m.c}`;
    return data.at[i] + words.sep + s;
  }

  const live = document.createElement("div");
  live.className = "plot-live";
  const at = document.createElement("div");
  at.className = "plot-at";
  at.tabIndex = 0;
  at.setAttribute("role", "application");
  at.setAttribute("aria-label", words.name);
  const says = fig.querySelector("p.vh[id]");
  if (says) at.setAttribute("aria-describedby", says.id);
  const line = document.createElement("p");
  line.className = "plot-say";
  const out = document.createElement("output");
  out.textContent = words.hint;
  const reset = document.createElement("button");
  reset.type = "button";
  reset.className = "btn";
  reset.textContent = words.reset;
  reset.hidden = true;
  line.append(out, reset);
  live.append(at, line);

  let c = colours();
  const font = () => {
    const s = getComputedStyle(at);
    return `${document.documentElement.lang.startsWith("zh") ? 13 : 12}px ${s.fontFamily}`; // uPlot takes whole pixels only
  };
  const narrow = () => at.clientWidth < 560;
  const high = () => (narrow() ? 250 : 270);
  // peak is the largest value between two moments.
  const peak = (a, b) => {
    let top = 0;
    t.forEach((x, i) => { if (x >= a && x <= b) top = Math.max(top, v[i] ?? 0, data.e?.[i] ?? 0); });
    for (const f of band) if (f.b > a && f.a < b) top = Math.max(top, f.h);
    return top;
  };
  const roof = (a, b) => {
    const p = peak(a, b);
    const step = niceStep(p);
    return [step, step * Math.ceil(Math.max(p, step) / step)];
  };
  // What lies under the lines: hours without data, what is expected, and now.
  function under(u) {
    const { ctx, bbox } = u;
    const px = uPlot.pxRatio;
    const x = (s) => Math.min(Math.max(u.valToPos(s, "x", true), bbox.left), bbox.left + bbox.width);
    const y = (f) => Math.min(Math.max(u.valToPos(f, "y", true), bbox.top), bbox.top + bbox.height);
    ctx.save();
    for (let i = 0; i < n; i++) {
      if (v[i] !== null) continue;
      let j = i;
      while (j < n && v[j] === null) j++;
      const [a, b] = [x(t[Math.max(i - 1, 0)]), x(t[Math.min(j, n - 1)])];
      if (b > bbox.left && a < bbox.left + bbox.width) hatch(ctx, c.axis, a, bbox.top, Math.max(b - a, 2 * px), bbox.height, px);
      i = j;
    }
    for (const f of band) {
      const [a, b] = [x(f.a), x(f.b)];
      if (b <= a) continue;
      ctx.fillStyle = c.band;
      ctx.fillRect(a, y(f.h), b - a, Math.max(y(f.l) - y(f.h), px));
      ctx.strokeStyle = c.voices;
      ctx.lineWidth = 1.5 * px;
      ctx.setLineDash([5 * px, 3 * px]);
      ctx.beginPath();
      ctx.moveTo(a, y(f.m));
      ctx.lineTo(b, y(f.m));
      ctx.stroke();
      ctx.setLineDash([]);
    }
    ctx.lineWidth = px;
    ctx.strokeStyle = c.axis;
    ctx.beginPath();
    ctx.moveTo(bbox.left, bbox.top + bbox.height);
    ctx.lineTo(bbox.left + bbox.width, bbox.top + bbox.height);
    ctx.stroke();
    if (band.length && data.now >= u.scales.x.min && data.now <= u.scales.x.max) {
      ctx.strokeStyle = c.ink;
      ctx.beginPath();
      ctx.moveTo(x(data.now), bbox.top);
      ctx.lineTo(x(data.now), bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }

  // What lies over them: the hour that is not over, and the marks.
  function over(u) {
    const { ctx, bbox } = u;
    const px = uPlot.pxRatio;
    const bottom = bbox.top + bbox.height;
    const right = bbox.left + bbox.width;
    const inside = (s) => s >= u.scales.x.min && s <= u.scales.x.max;
    const x = (s) => u.valToPos(s, "x", true);
    ctx.save();
    ctx.setLineDash([]); // the line drawn last was dotted
    ctx.textBaseline = "alphabetic";
    ctx.font = `600 ${font().replace(/^\d+/, (s) => s * px)}`;
    const write = (text, at, y, align) => {
      ctx.textAlign = align;
      ctx.strokeStyle = c.paper;
      ctx.lineWidth = 4 * px;
      ctx.lineJoin = "round";
      ctx.strokeText(text, at, y);
      ctx.fillStyle = c.ink;
      ctx.fillText(text, at, y);
    };
    if (band.length && inside(data.now)) write(words.now, x(data.now) + 6 * px, bbox.top + 14 * px, "left");
    if (data.soFar && inside(t[n - 1])) {
      const [cx, cy] = [x(t[n - 1]), u.valToPos(v[n - 1], "y", true)];
      ctx.strokeStyle = c.voices;
      ctx.fillStyle = c.paper;
      ctx.lineWidth = 1.5 * px;
      ctx.setLineDash([2 * px, 2 * px]);
      ctx.beginPath();
      ctx.moveTo(cx, bottom);
      ctx.lineTo(cx, cy);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.beginPath();
      ctx.arc(cx, cy, 3.5 * px, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    }
    // Labels stand on two levels, and marks of one kind close together share
    // one, as in timeline.go.
    const shown = marks.filter((m) => inside(m.t) || (m.t > last && u.scales.x.max >= last)).map((m) => ({ ...m, x: Math.min(x(m.t), right) / px }));
    const ends = [-1e9, -1e9];
    const top = bbox.top / px - 44;
    shown.forEach((m) => {
      const colour = m.k === "alert" ? c.alert : c.answer;
      ctx.strokeStyle = ctx.fillStyle = colour;
      ctx.lineWidth = 1.25 * px;
      ctx.beginPath();
      ctx.moveTo(m.x * px, (top + 20) * px);
      ctx.lineTo(m.x * px, bottom);
      ctx.stroke();
      ctx.beginPath();
      if (m.k === "alert") {
        ctx.moveTo((m.x - 5) * px, (top + 26) * px);
        ctx.lineTo((m.x + 5) * px, (top + 26) * px);
        ctx.lineTo(m.x * px, (top + 17) * px);
        ctx.closePath();
      } else ctx.rect((m.x - 4.5) * px, (top + 17) * px, 9 * px, 9 * px);
      if (m.k === "correction") {
        ctx.fillStyle = c.paper;
        ctx.lineWidth = 2 * px;
        ctx.fill();
        ctx.stroke();
      } else ctx.fill();
    });
    shown.forEach((m, i) => {
      const before = shown[i - 1];
      if (before?.k === m.k && m.x - before.x < 16) return;
      let same = 1;
      for (let k = i + 1; k < shown.length && shown[k].k === m.k && shown[k].x - shown[k - 1].x < 16; k++) same++;
      const label = m.s + (narrow() ? "" : ` ${m.c}`) + (same > 1 ? ` ×${same}` : "");
      const wide = ctx.measureText(label).width / px + 12;
      let from = m.x + 9;
      let end = false;
      const crowded = shown[i + 1] && shown[i + 1].x < from + wide;
      if (from + wide > right / px || (crowded && m.x - 9 - wide > ends[0] && m.x - 9 - wide > bbox.left / px)) {
        from = m.x - 9 - wide;
        end = true;
      }
      for (const [level, y] of [[0, 25], [1, 40]]) {
        if (from < ends[level] || (level === 0 && shown.some((o) => o !== m && o.x > from - 7 && o.x < from + wide - 4))) continue;
        write(label, (end ? m.x - 9 : m.x + 9) * px, (top + y) * px, end ? "right" : "left");
        ends[level] = from + wide;
        break;
      }
    });
    ctx.restore();
  }

  let u;
  let here = -1; // the point that the keyboard stands on
  let [from, to] = [first, last]; // what is shown
  const place = (u) => (s) => u.valToPos(s, "x");
  function make() {
    const chosen = (u) => {
      const [a, b] = [u.scales.x.min, u.scales.x.max];
      const x = place(u);
      return fitting(ticks.filter((k) => k.t >= a && k.t <= b), x, narrow() ? 56 : 64).filter((k) => x(k.t) <= u.bbox.width / uPlot.pxRatio - 10);
    };
    u = new uPlot({
      width: Math.max(at.clientWidth, 200), height: high(), padding: [44, 12, 0, 0], legend: { show: false },
      scales: {
        x: { time: false, range: (_, a, b) => (a === null ? [first, last] : [a, b]) },
        y: { range: (u) => [0, roof(u.scales.x.min ?? first, u.scales.x.max ?? last)[1]] },
      },
      series: [{}, { stroke: () => c.voices, width: 2, points: { show: false }, spanGaps: false }]
        .concat(data.e ? [{ stroke: () => c.usual, width: 1.25, dash: [2, 3], points: { show: false } }] : []),
      axes: [
        {
          size: 28, gap: 6, font: font(), stroke: () => c.quiet, grid: { show: false }, ticks: { stroke: () => c.axis, width: 1, size: 4 },
          splits: (u) => chosen(u).map((k) => k.t), values: (u, list) => list.map((s) => ticks.find((k) => k.t === s)?.s ?? ""),
        },
        {
          size: 34, gap: 6, font: font(), stroke: () => c.quiet, grid: { stroke: () => c.grid, width: 1 }, ticks: { show: false },
          splits: (u) => { const [step, top] = roof(u.scales.x.min, u.scales.x.max); return Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step); },
          values: (_, list) => list.map(number),
        },
      ],
      cursor: {
        y: false, drag: { x: true, y: false, setScale: true, dist: 6 }, focus: { prox: -1 },
        points: { size: (_, i) => (i === 1 ? 8 : 0), width: (_, i) => (i === 1 ? 2 : 0), stroke: () => c.voices, fill: () => c.paper },
        move: (u, left, top) => [left < 0 ? left : u.valToPos(t[u.posToIdx(left)], "x"), top],
        bind: { dblclick: () => () => { whole(); return null; } },
      },
      hooks: {
        drawAxes: [under], draw: [over],
        setCursor: [(u) => { if (!u.cursor.event) return; here = u.cursor.idx ?? -1; tell(u.cursor.idx, false); }],
        setScale: [(u, key) => { if (key === "x") looked(u); }],
      },
    }, series, at);
  }

  // tell says the value under the cursor; whoever came there by keys hears it.
  function tell(i, aloud) {
    out.setAttribute("aria-live", aloud ? "polite" : "off");
    const on = i !== null && i !== undefined && i >= 0;
    out.classList.toggle("on", on);
    out.textContent = on ? say(i) : words.hint;
  }
  function looked(u) { // by whatever way
    [from, to] = [u.scales.x.min, u.scales.x.max];
    reset.hidden = from <= first && to >= last;
  }
  // What is asked for is shown after this task; from and to are what will be.
  function show(a, b, aloud) {
    if (b - a < 3 * (t[1] - t[0])) return;
    [from, to] = [Math.max(a, first), Math.min(b, last)];
    u.setScale("x", { min: from, max: to });
    if (!aloud) return;
    const inside = t.map((_, i) => i).filter((i) => t[i] >= from && t[i] <= to);
    out.setAttribute("aria-live", "polite");
    out.classList.add("on");
    out.textContent = fill(words.shown, data.at[inside[0]], data.at[inside.at(-1)]);
  }
  function whole() {
    show(first, last);
    if (document.activeElement === reset) at.focus();
  }
  const point = () => queueMicrotask(() => u.setCursor(here < 0 ? { left: -10, top: -10 } : { left: u.valToPos(t[here], "x"), top: 10 }));
  function stand(i) {
    here = Math.min(Math.max(i, 0), t.length - 1);
    const wide = to - from;
    if (t[here] < from) show(t[here], t[here] + wide);
    else if (t[here] > to) show(t[here] - wide, t[here]);
    point();
    tell(here, true);
  }
  function zoom(f) {
    const mid = here < 0 ? (from + to) / 2 : t[here];
    show(mid - (mid - from) * f, mid + (to - mid) * f, true);
    point();
  }
  function leave() {
    here = -1;
    point();
    tell(here, false);
  }
  reset.addEventListener("click", whole);
  at.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const start = here < 0 ? n : here;
    const far = e.shiftKey ? 6 : 1;
    const does = {
      ArrowLeft: () => stand(start - far), ArrowRight: () => stand(here < 0 ? 0 : here + far),
      PageUp: () => stand(start - 24), PageDown: () => stand(start + 24), Home: () => stand(0), End: () => stand(t.length - 1),
      "+": () => zoom(.5), "=": () => zoom(.5), "-": () => zoom(2), 0: () => whole(),
      Escape: () => { whole(); leave(); },
    }[e.key];
    if (!does) return;
    e.preventDefault();
    e.stopPropagation();
    does();
  });
  at.addEventListener("blur", () => { if (here >= 0) leave(); });

  const svg = fig.querySelector(":scope > svg.chart");
  fig.classList.add("plotted");
  svg.before(live);
  make();
  new ResizeObserver(() => {
    const width = at.clientWidth;
    if (width > 0 && width !== u.width) u.setSize({ width, height: high() });
  }).observe(at);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { c = colours(); u.redraw(false, true); });
}

if (globalThis.uPlot) for (const fig of document.querySelectorAll("figure.plot")) plot(fig);
