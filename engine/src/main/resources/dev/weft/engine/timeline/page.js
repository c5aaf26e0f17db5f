// ---- page: drawing, pointer, keys

const byId = (id) => document.getElementById(id);
const stage = byId('stage');
const chart = byId('chart');
const overlay = byId('overlay');
const tip = byId('tip');
const pen = chart.getContext('2d');
const glass = overlay.getContext('2d');
const colours = {};
const dark = window.matchMedia('(prefers-color-scheme: dark)');
let pointer = null;
let drag = null;
let isDrawAsked = false;

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ['paper', 'panel', 'ink', 'soft', 'line', 'grid', 'accent', 'prefill',
    'decode', 'recompute', 'draft', 'queued', 'shared', 'preempted', 'left-out', 'cached', 'kv',
    'time', 'bad']) {
    colours[name] = style.getPropertyValue(`--${name}`).trim();
  }
  colours.veil = dark.matches ? 'rgb(20 23 27 / 65%)' : 'rgb(255 255 255 / 65%)';
}

function resize() {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth, clientHeight } = stage;
  for (const canvas of [chart, overlay]) {
    canvas.width = Math.round(clientWidth * ratio);
    canvas.height = Math.round(clientHeight * ratio);
    canvas.style.width = `${clientWidth}px`;
    canvas.style.height = `${clientHeight}px`;
    canvas.getContext('2d').setTransform(ratio, 0, 0, ratio, 0, 0);
  }
  view.width = clientWidth;
  pane.top = placeLanes(clientHeight) + 16;
  pane.height = Math.max(40, clientHeight - pane.top - 6);
  drawSoon();
}

function drawSoon() {
  if (isDrawAsked) return;
  isDrawAsked = true;
  requestAnimationFrame(() => {
    isDrawAsked = false;
    draw();
  });
}

function draw() {
  pen.clearRect(0, 0, view.width, stage.clientHeight);
  pen.font = '12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
  placeRows();
  drawTicks(pane.top + pane.height);
  drawOverview();
  pen.save();
  pen.beginPath();
  pen.rect(GUTTER, OVERVIEW.top + OVERVIEW.height, plotWidth(), stage.clientHeight);
  pen.clip();
  const [first, end] = shownSteps();
  for (const lane of LANES) drawLane(lane, first, end);
  pen.restore();
  LANES.forEach(drawLaneTexts);
  drawRequests();
  byId('by-time').setAttribute('aria-pressed', String(view.axis === 'time'));
  byId('by-step').setAttribute('aria-pressed', String(view.axis === 'steps'));
  drawOverlay();
  rememberSoon();
}

// ---- pointer

function stepsAt(i) {
  const pixel = Math.floor(toPixel(stepBegin[view.axis][i]));
  const from = lastNotAbove(stepBegin[view.axis], fromPixel(pixel));
  const to = lastNotAbove(stepBegin[view.axis], fromPixel(pixel + 1));
  return Math.max(1, to - from);
}

function drawOverlay() {
  glass.clearRect(0, 0, view.width, stage.clientHeight);
  drawPreemptionLinks();
  if (!pointer || pointer.x < GUTTER || pointer.x > view.width - RIGHT) {
    tip.hidden = true;
    return;
  }
  if (pointer.y < OVERVIEW.top + OVERVIEW.height || drag) {
    tip.hidden = true;
    return;
  }
  const s = sequenceAt(pointer.y);
  const i = stepAt(pointer.x);
  markStep(i);
  if (s >= 0) markRow(s);
  const isRequest = pointer.y >= pane.top - 8;
  const content = isRequest ? (s >= 0 ? sequenceTip(s, barAt(s, pointer.x)) : null)
    : i >= 0 ? stepTip(i, stepsAt(i)) : null;
  showTip(content);
}

function markStep(i) {
  glass.fillStyle = colours.ink;
  glass.globalAlpha = 0.1;
  const top = OVERVIEW.top + OVERVIEW.height + TICKS_HEIGHT - 4;
  const height = pane.top + pane.height - top;
  if (i >= 0) {
    const left = Math.max(GUTTER, toPixel(stepBegin[view.axis][i]));
    const right = Math.min(view.width - RIGHT, toPixel(stepEnd[view.axis][i]));
    glass.fillRect(left, top, Math.max(1, right - left), height);
  }
  glass.globalAlpha = 0.5;
  glass.fillRect(Math.round(pointer.x), top, 1, height);
  glass.globalAlpha = 1;
}

function markRow(s) {
  const top = rowTop(pane.rows.indexOf(s));
  glass.strokeStyle = colours.ink;
  glass.globalAlpha = 0.5;
  glass.strokeRect(2.5, top - 0.5, view.width - 8, Math.max(2, pane.rowHeight));
  glass.globalAlpha = 1;
}

/** From the selected request to those that it lost its blocks to. */
function drawPreemptionLinks() {
  if (selected < 0) return;
  const from = pane.rows.indexOf(selected);
  if (from < 0) return;
  for (const row of preemptionsOf[selected]) {
    const others = sequencesOfId.get(String(preemptions.forRequestId[row])) ?? [];
    const to = pane.rows.indexOf(others[0]);
    const at = preemptions.preemptedAt[row];
    const x = toPixel(view.axis === 'steps' ? stepsOfTime(at) : at);
    if (to < 0 || x < GUTTER || x > view.width - RIGHT) continue;
    glass.strokeStyle = colours.preempted;
    glass.fillStyle = colours.preempted;
    glass.lineWidth = 1.5;
    glass.beginPath();
    glass.moveTo(x, clampToPane(rowTop(from) + pane.rowHeight / 2));
    glass.lineTo(x, clampToPane(rowTop(to) + pane.rowHeight / 2));
    glass.stroke();
    glass.beginPath();
    glass.arc(x, clampToPane(rowTop(to) + pane.rowHeight / 2), 3, 0, 7);
    glass.fill();
    glass.lineWidth = 1;
  }
}

const clampToPane = (y) => Math.max(pane.top, Math.min(pane.top + pane.height, y));

function showTip(content) {
  tip.hidden = !content;
  if (!content) return;
  tip.replaceChildren(...content.filter((part) => part));
  const { offsetWidth, offsetHeight } = tip;
  const left = pointer.x + 16 + offsetWidth > view.width
    ? pointer.x - 16 - offsetWidth : pointer.x + 16;
  const top = Math.min(pointer.y + 14, stage.clientHeight - offsetHeight - 4);
  tip.style.left = `${Math.max(2, left)}px`;
  tip.style.top = `${Math.max(2, top)}px`;
}

function place(event) {
  const box = stage.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

stage.addEventListener('pointerdown', (event) => {
  if (event.button !== 0) return;
  const at = place(event);
  const isOverview = at.y < OVERVIEW.top + OVERVIEW.height;
  drag = { from: at, last: at, isOverview, isMoved: false };
  stage.setPointerCapture(event.pointerId);
  if (isOverview) brush(at);
});

stage.addEventListener('pointermove', (event) => {
  pointer = place(event);
  if (!drag) {
    drawOverlay();
    return;
  }
  drag.isMoved ||= Math.hypot(pointer.x - drag.from.x, pointer.y - drag.from.y) > 3;
  if (drag.isOverview) {
    brush(pointer);
  } else if (drag.isMoved) {
    move((drag.last.x - pointer.x) / plotWidth());
    scrollRows(drag.last.y - pointer.y);
    drag.last = pointer;
    drawSoon();
  }
});

stage.addEventListener('pointerup', (event) => {
  const wasClick = drag && !drag.isMoved && !drag.isOverview;
  drag = null;
  if (wasClick) {
    const s = sequenceAt(place(event).y);
    choose(s === selected ? -1 : s, false);
  }
  drawOverlay();
});

stage.addEventListener('pointercancel', () => { drag = null; });
stage.addEventListener('pointerleave', () => {
  pointer = null;
  drawOverlay();
});
stage.addEventListener('dblclick', (event) => {
  zoom(0.4, fromPixel(place(event).x));
  drawSoon();
});

/** Shows the part between where the drag began and where it is; a click moves the part there. */
function brush(at) {
  const [first, final] = whole[view.axis];
  const value = (pixel) => first + (pixel - GUTTER) / plotWidth() * (final - first);
  const a = value(Math.min(drag.from.x, at.x));
  const b = value(Math.max(drag.from.x, at.x));
  const half = (view.end - view.begin) / 2;
  if (drag.isMoved) show(a, b); else show(a - half, a + half);
  drawSoon();
}

stage.addEventListener('wheel', (event) => {
  event.preventDefault();
  const at = place(event);
  const scale = event.deltaMode === 1 ? 18 : 1;
  const dx = event.deltaX * scale;
  const dy = event.deltaY * scale;
  if (event.ctrlKey) {
    thicken(Math.exp(-dy / 200), at.y);
  } else if (event.shiftKey || Math.abs(dx) > Math.abs(dy)) {
    move((dx || dy) / plotWidth());
  } else if (at.x < GUTTER) {
    scrollRows(dy);
  } else {
    zoom(Math.exp(Math.max(-200, Math.min(200, dy)) / 400), fromPixel(at.x));
  }
  drawSoon();
}, { passive: false });

function thicken(factor, y) {
  const row = (y - pane.top + pane.scroll) / pane.rowHeight;
  pane.thickness = Math.max(1, Math.min(64, pane.thickness * factor));
  placeRows();
  pane.scroll = row * pane.rowHeight - (y - pane.top);
  scrollRows(0);
}

// ---- selection

function choose(s, isBroughtIntoSight) {
  select(s, isBroughtIntoSight);
  const details = byId('details');
  const wasHidden = details.hidden;
  details.hidden = s < 0;
  if (s >= 0) {
    details.replaceChildren(...detailsOf(s, goTo, () => choose(-1, false)));
    details.scrollTop = 0;
  }
  if (wasHidden !== details.hidden) resize(); else drawSoon();
}

function goTo(item) {
  const begin = item.bar !== undefined ? bars.begin.time[item.bar] : item.at;
  const end = item.bar !== undefined ? bars.end.time[item.bar] : item.at;
  const mean = numSteps ? endOfTime / numSteps : endOfTime;
  const margin = Math.max(0.3 * (end - begin), 15 * mean);
  if (view.axis === 'steps') show(stepsOfTime(begin - margin), stepsOfTime(end + margin));
  else show(begin - margin, end + margin);
  placeRows();
  select(selected, true);
  drawSoon();
}

function search(text) {
  const [id, sample] = text.trim().split('/');
  const found = sequencesOfId.get(id);
  const s = found?.[Number(sample ?? 0)];
  byId('search').setAttribute('aria-invalid', String(text.trim() !== '' && s === undefined));
  if (s !== undefined) choose(s, true);
}

function neighbour(by) {
  if (pane.rows.length === 0) return;
  const index = pane.rows.indexOf(selected);
  const next = index < 0 ? 0 : Math.max(0, Math.min(pane.rows.length - 1, index + by));
  choose(pane.rows[next], true);
}

// ---- keys and buttons

const middle = () => (view.begin + view.end) / 2;
const KEYS = {
  ArrowLeft: () => move(-0.15),
  ArrowRight: () => move(0.15),
  ArrowUp: () => scrollRows(-40),
  ArrowDown: () => scrollRows(40),
  '+': () => zoom(0.7, middle()),
  '=': () => zoom(0.7, middle()),
  '-': () => zoom(1 / 0.7, middle()),
  0: () => showWhole(),
  Home: () => showWhole(),
  '[': () => thicken(0.8, pane.top),
  ']': () => thicken(1.25, pane.top),
  t: () => setAxis(view.axis === 'time' ? 'steps' : 'time'),
  n: () => neighbour(1),
  p: () => neighbour(-1),
  '/': () => byId('search').focus(),
  '?': () => byId('help').showModal(),
  Escape: () => choose(-1, false),
};

function showWhole() {
  pane.thickness = 1;
  show(...whole[view.axis]);
}

document.addEventListener('keydown', (event) => {
  const isTyping = event.target.tagName === 'INPUT' || byId('help').open;
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
  drawSoon();
});

function onClick(id, action) {
  byId(id).addEventListener('click', () => {
    action();
    drawSoon();
  });
}
onClick('by-time', () => setAxis('time'));
onClick('by-step', () => setAxis('steps'));
onClick('zoom-in', () => zoom(0.7, middle()));
onClick('zoom-out', () => zoom(1 / 0.7, middle()));
onClick('reset', showWhole);
onClick('help-button', () => byId('help').showModal());
onClick('help-close', () => byId('help').close());
byId('search').addEventListener('input', (event) => search(event.target.value));
byId('search').addEventListener('keydown', (event) => {
  if (event.key === 'Enter') search(event.target.value);
  if (event.key === 'Escape') event.target.blur();
});

// ---- the place in the address, so that it can be passed on

let rememberTimer = 0;

function rememberSoon() {
  clearTimeout(rememberTimer);
  rememberTimer = setTimeout(() => {
    const parts = new URLSearchParams();
    if (view.axis !== 'time') parts.set('axis', view.axis);
    const [first, final] = whole[view.axis];
    if (view.begin !== first || view.end !== final) {
      parts.set('from', String(Math.floor(view.begin)));
      parts.set('to', String(Math.ceil(view.end)));
    }
    if (selected >= 0) parts.set('request', sequenceName(selected));
    const wanted = parts.toString();
    if (wanted !== window.location.hash.slice(1)) {
      window.history.replaceState(null, '', wanted ? `#${wanted}` : '#');
    }
  }, 400);
}

function readAddress() {
  const parts = new URLSearchParams(window.location.hash.slice(1));
  if (parts.get('axis') === 'steps') setAxis('steps');
  if (parts.get('request')) search(parts.get('request'));
  const from = Number.parseFloat(parts.get('from'));
  const to = Number.parseFloat(parts.get('to'));
  if (from < to) show(from, to);
}

// ---- start

function fillHeader() {
  document.title = recording.title;
  byId('title').textContent = recording.title;
  byId('notice').textContent = notice();
  byId('notice').hidden = notice() === '';
  byId('summary').append(...summary().map(([name, value]) =>
    element('div', [element('dt', name), element('dd', value)])));
  const entries = [
    ['prefill', 'prefill'], ['decode', 'decode'], ['recompute', 'recompute'],
    ...(most(steps.numDraftTokens) > 0 ? [['draft', 'drafts']] : []),
    ['queued', 'queued'], ['preempted', 'preempted'], ['left-out', 'holds blocks, no row'],
    ...(recording.failures.length > 0 ? [['bad', 'failed step, or cut off']] : []),
    ...(hasSamples ? [['shared', 'waits for a shared prompt']] : []),
  ];
  byId('legend').append(...entries.map(([colour, text]) =>
    element('li', [swatch(colour), text])));
  const causes = Object.entries(CAUSES).filter(([name, cause]) =>
    cause.colour && steps.waitCause.includes(names.waitCause.indexOf(name)));
  byId('causes').append(element('li', 'the queue is held back:'), ...causes.map(([, cause]) =>
    element('li', [swatch(cause.colour), cause.text])));
  byId('causes').hidden = causes.length === 0;
}

readColours();
fillHeader();
dark.addEventListener('change', () => {
  readColours();
  drawSoon();
});
new ResizeObserver(resize).observe(stage);
resize();
readAddress();
draw();
document.documentElement.dataset.state = 'ready';
