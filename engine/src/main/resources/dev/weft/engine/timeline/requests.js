// ---- requests: a bar for each sequence, in the order in which they were added

const BARS = {
  QUEUED: { colour: 'queued', text: 'queued' },
  SHARED_PROMPT: { colour: 'shared', text: 'waits for the prompt that its first sample computes' },
  PREEMPTED: { colour: 'preempted', text: 'preempted, waits' },
  LEFT_OUT: { colour: 'left-out', text: 'holds blocks, but has no row' },
  PREFILL: { colour: 'prefill', text: 'prefill' },
  RECOMPUTE: { colour: 'recompute', text: 'recompute what preemption lost' },
  DECODE: { colour: 'decode', text: 'decode' },
};

const pane = { top: 0, height: 0, rowHeight: 8, thickness: 1, scroll: 0, rows: [] };
const MAX_ROW_HEIGHT = 18;
const hasSamples = most(sequences.numSamples) > 1;
let selected = -1;

/** Sequences that were there in the part of the run that is shown. */
function shownSequences() {
  const begins = lifeBegin[view.axis];
  const ends = lifeEnd[view.axis];
  const found = [];
  for (let s = 0; s < numSequences; s++) {
    if (begins[s] <= view.end && ends[s] >= view.begin) found.push(s);
  }
  return found;
}

function placeRows() {
  pane.rows = shownSequences();
  const fitting = pane.height / Math.max(1, pane.rows.length);
  pane.rowHeight = Math.min(Math.max(MAX_ROW_HEIGHT, fitting > MAX_ROW_HEIGHT ? 0 : fitting),
    Math.min(MAX_ROW_HEIGHT, fitting) * pane.thickness);
  scrollRows(0);
}

function scrollRows(by) {
  const most = Math.max(0, pane.rows.length * pane.rowHeight - pane.height);
  pane.scroll = Math.max(0, Math.min(most, pane.scroll + by));
}

const rowTop = (index) => pane.top + index * pane.rowHeight - pane.scroll;
const barKind = (bar) => {
  const source = bars.source[bar];
  return BARS[source >= 0 ? names.waitKind[waits.kind[source]]
    : names.runKind[runs.kind[-1 - source]]];
};

function drawRequests() {
  const all = pane.rows.length === numSequences ? '' : ` of ${count(numSequences)}`;
  drawGutterText(`${count(pane.rows.length)}${all} ${hasSamples ? 'samples' : 'requests'}`,
    pane.top - 5, colours.ink);
  pen.save();
  pen.beginPath();
  pen.rect(0, pane.top, view.width, pane.height);
  pen.clip();
  const first = Math.floor(pane.scroll / pane.rowHeight);
  const end = Math.min(pane.rows.length,
    Math.ceil((pane.scroll + pane.height) / pane.rowHeight));
  for (let index = first; index < end; index++) drawSequence(pane.rows[index], rowTop(index));
  drawIds(first, end);
  pen.restore();
  drawScrollBar();
}

function drawSequence(s, top) {
  const height = pane.rowHeight;
  const gap = height >= 4 ? 1 : 0;
  const thick = Math.max(height - gap, 0.5);
  const thin = height >= 5 ? Math.max(2, thick * 0.4) : thick;
  pen.globalAlpha = selected >= 0 && selected !== s ? 0.35 : 1;
  if (s === selected) {
    pen.fillStyle = colours.panel;
    pen.fillRect(GUTTER, top, plotWidth(), Math.max(1, height));
  }
  const begins = bars.begin[view.axis];
  const ends = bars.end[view.axis];
  let drawnTo = -1;
  let drawnKind = null;
  for (let b = bars.firstBar[s]; b < bars.firstBar[s + 1]; b++) {
    if (begins[b] > view.end || ends[b] < view.begin) continue;
    const left = Math.max(GUTTER, Math.round(toPixel(begins[b])));
    const right = Math.min(view.width - RIGHT, Math.round(toPixel(ends[b])));
    const isWait = bars.source[b] >= 0;
    const kind = barKind(b);
    if (right <= drawnTo && kind === drawnKind) continue;
    const width = Math.max(right - left, isWait ? 0 : 1);
    const high = isWait ? thin : thick;
    const chunkGap = !isWait && kind !== BARS.DECODE && width >= 5 ? 1 : 0;
    pen.fillStyle = colours[kind.colour];
    pen.fillRect(left, top + (thick - high) / 2, width - chunkGap, high);
    drawnTo = left + width;
    drawnKind = kind;
  }
  if (height >= 6) drawMoments(s, top, thick);
  pen.globalAlpha = 1;
}

/** First token, preemptions and the end. */
function drawMoments(s, top, height) {
  const at = (nanos) => toPixel(view.axis === 'steps' ? stepsOfTime(nanos) : nanos);
  const isShown = (x) => x >= GUTTER && x <= view.width - RIGHT + 1;
  if (sequences.firstTokenAt[s] !== null) {
    const x = at(sequences.firstTokenAt[s]);
    if (isShown(x)) {
      pen.fillStyle = colours.ink;
      pen.beginPath();
      pen.arc(x, top + height / 2, Math.min(2.5, height / 3), 0, 7);
      pen.fill();
    }
  }
  for (const row of preemptionsOf[s]) {
    const x = at(preemptions.preemptedAt[row]);
    if (isShown(x)) {
      pen.fillStyle = colours.preempted;
      pen.fillRect(x - 1, top, 2.5, height);
    }
  }
  if (sequences.finishedAt[s] !== null) {
    const x = at(sequences.finishedAt[s]);
    if (isShown(x)) drawEnd(x, top, height, isComplete(s));
  }
}

function drawEnd(x, top, height, isWhole) {
  if (isWhole) {
    pen.fillStyle = colours.ink;
    pen.fillRect(x, top, 1.5, height);
    return;
  }
  const r = Math.min(4, height / 2);
  pen.strokeStyle = colours.bad;
  pen.lineWidth = 1.5;
  line(x - r, top + height / 2 - r, x + r, top + height / 2 + r);
  line(x - r, top + height / 2 + r, x + r, top + height / 2 - r);
  pen.lineWidth = 1;
}

/** Ids in the gutter, as many as have room. */
function drawIds(first, end) {
  const every = tickStep(13 / pane.rowHeight, 1, true);
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  let lastY = -Infinity;
  for (let index = first; index < end; index++) {
    const s = pane.rows[index];
    if (index % every !== 0 && s !== selected) continue;
    const middle = rowTop(index) + pane.rowHeight / 2;
    if (middle < pane.top) continue;
    const y = index === 0 ? Math.max(pane.top + 7, middle) : middle;
    const isNearSelected = selected >= 0 && s !== selected
      && Math.abs(index - pane.rows.indexOf(selected)) * pane.rowHeight < 12;
    if (isNearSelected || y - lastY < 12) continue;
    lastY = y;
    pen.fillStyle = s === selected ? colours.ink : colours.soft;
    pen.fillText(cut(sequenceName(s), 14), GUTTER - 6, y);
  }
}

const cut = (text, length) =>
  text.length <= length ? text : `${text.slice(0, 5)}…${text.slice(6 - length)}`;

function drawScrollBar() {
  const total = pane.rows.length * pane.rowHeight;
  if (total <= pane.height + 1) return;
  pen.fillStyle = colours.soft;
  pen.fillRect(view.width - 6, pane.top + pane.scroll / total * pane.height, 4,
    Math.max(16, pane.height / total * pane.height));
}

// ---- what is under the pointer

function sequenceAt(y) {
  if (y < pane.top || y >= pane.top + pane.height) return -1;
  const index = Math.floor((y - pane.top + pane.scroll) / pane.rowHeight);
  return index < pane.rows.length ? pane.rows[index] : -1;
}

/** Bar of a sequence at a place; a row wins over the wait below it. */
function barAt(s, pixel) {
  let found = -1;
  for (let b = bars.firstBar[s]; b < bars.firstBar[s + 1]; b++) {
    const left = toPixel(bars.begin[view.axis][b]);
    const right = Math.max(left + 2, toPixel(bars.end[view.axis][b]));
    if (pixel >= left - 0.5 && pixel <= right + 0.5) found = b;
  }
  return found;
}

/** Step at a place, or -1 where none runs. */
function stepAt(pixel) {
  const x = fromPixel(pixel);
  const i = lastNotAbove(stepBegin[view.axis], x);
  if (i < 0) return -1;
  const isOver = toPixel(stepEnd[view.axis][i]) < pixel - 1;
  return isOver ? -1 : i;
}

/** Selects a sequence, or none with -1, and brings it into sight. */
function select(s, isBroughtIntoSight) {
  selected = s;
  if (s >= 0 && isBroughtIntoSight) {
    const begin = lifeBegin[view.axis][s];
    const end = lifeEnd[view.axis][s];
    if (end < view.begin || begin > view.end || end - begin > view.end - view.begin) {
      const margin = (end - begin) * 0.1 + (view.end - view.begin) * 0.02;
      show(begin - margin, end + margin);
    }
    placeRows();
    const top = pane.rows.indexOf(s) * pane.rowHeight;
    if (top < pane.scroll || top + pane.rowHeight > pane.scroll + pane.height) {
      pane.scroll = top - pane.height / 2;
      scrollRows(0);
    }
  }
}
