// ---- lanes: charts of numbers that belong to steps, one above another

const CAUSES = {
  NOBODY_WAITS: { colour: null, text: 'nobody waits' },
  KV_BLOCKS: { colour: 'kv', text: 'KV blocks are short' },
  BATCH_FULL: { colour: 'decode', text: 'the batch is full' },
  TOKEN_BUDGET: { colour: 'prefill', text: 'the token budget is spent' },
  OTHER_REFUSAL: { colour: 'draft', text: 'paused or blocked, or no place for an adapter or shape' },
  POLICY: { colour: 'time', text: 'the policy admits nobody (its gate or order)' },
};

const column = (name) => steps[name];
const derived = (f) => steps.stepId.map((_, i) => f(i));
const stepNanos = derived((i) => steps.endedAt[i] - steps.beganAt[i]);
const numLeftOut = derived((i) => Math.max(0, steps.numRunning[i] - steps.numRows[i]));

const LANES = [
  {
    id: 'tokens', title: 'tokens', share: 80, text: brief, limit: limits.maxNumBatchedTokens,
    series: [
      { colour: 'decode', values: column('numDecodeTokens') },
      { colour: 'draft', values: column('numDraftTokens') },
      { colour: 'prefill', values: column('numPrefillTokens') },
      { colour: 'recompute', values: column('numRecomputedTokens') },
    ],
  },
  {
    id: 'batch', title: 'batch size', share: 46, text: brief, limit: limits.maxNumSeqs,
    series: [
      { colour: 'decode', values: column('numRows') },
      { colour: 'left-out', values: numLeftOut },
    ],
  },
  {
    id: 'queue', title: 'waiting', share: 46, text: brief,
    series: [
      { colour: 'queued', values: column('numWaiting') },
      { colour: 'shared', values: column('numBlocked') },
    ],
  },
  { id: 'cause', title: 'held back by', share: 12 },
  {
    id: 'kv', title: 'KV blocks', share: 46, text: (v) => percent(v / 1e6), fixedScale: 1e6,
    series: [{ colour: 'kv', values: column('kvMillionths') }],
  },
  {
    id: 'hits', title: 'prefix hits', share: 36, text: brief,
    series: [{ colour: 'cached', values: column('numCachedTokens') }],
  },
  {
    id: 'time', title: 'step time', share: 46, text: (v) => duration(v),
    series: [
      { colour: 'time', values: derived((i) => Math.min(steps.deviceNanos[i], stepNanos[i])) },
      { colour: 'shared', values: derived((i) =>
        Math.max(0, stepNanos[i] - steps.deviceNanos[i])) },
    ],
  },
];
for (const lane of LANES) {
  lane.total = lane.series
    ? derived((i) => lane.series.reduce((total, s) => total + s.values[i], 0)) : null;
}

const OVERVIEW = { top: 4, height: 34 };
const TICKS_HEIGHT = 24;
const LANE_GAP = 9;

/** Gives every lane its place; returns where the lanes end. */
function placeLanes(height) {
  const shares = sum(LANES.map((lane) => lane.share));
  const gaps = LANES.length * LANE_GAP;
  const room = Math.max(190, Math.min(370, height * 0.5 - TICKS_HEIGHT - OVERVIEW.height - gaps));
  let top = OVERVIEW.top + OVERVIEW.height + TICKS_HEIGHT;
  for (const lane of LANES) {
    lane.top = top;
    lane.height = Math.max(8, Math.round(lane.share / shares * room));
    top += lane.height + LANE_GAP;
  }
  return top;
}

/** First step that is shown, and the one behind the last. */
function shownSteps() {
  const first = lastNotAbove(stepEnd[view.axis], view.begin) + 1;
  const end = lastNotAbove(stepBegin[view.axis], view.end) + 1;
  return [Math.max(0, first), Math.max(first, end)];
}

/**
 * Calls back with first and end step, left and width of everything that is drawn as one: a step, or
 * the steps that share a pixel. Edges are whole pixels, so that no seams show between them.
 */
function forEachColumn(first, end, place) {
  const begins = stepBegin[view.axis];
  const ends = stepEnd[view.axis];
  const gap = plotWidth() > 7 * (end - first) ? 1 : 0;
  let i = first;
  while (i < end) {
    const from = i;
    const left = Math.round(toPixel(begins[i]));
    do i++; while (i < end && Math.round(toPixel(ends[i])) <= left + 1);
    const right = Math.round(toPixel(ends[i - 1]));
    const width = Math.max(1, right - left);
    place(from, i, left, width > 3 ? width - gap : width);
  }
}

function mostOf(values, first, end) {
  let found = 0;
  for (let i = first; i < end; i++) found = Math.max(found, values[i]);
  return found;
}

/** Draws means as they are and, where steps share a pixel, the highest of them paler behind. */
function drawSeries(lane, first, end) {
  forEachColumn(first, end, (from, to, left, width) => {
    if (to - from > 1) {
      const peak = highest(lane.total, from, to);
      pen.globalAlpha = 0.4;
      drawStack(lane, peak, peak + 1, left, width);
      pen.globalAlpha = 1;
    }
    drawStack(lane, from, to, left, width);
  });
}

function drawStack(lane, from, to, left, width) {
  let y = lane.top + lane.height;
  for (const series of lane.series) {
    let total = 0;
    for (let i = from; i < to; i++) total += series.values[i];
    const room = y - lane.top;
    const height = Math.min(room, total / (to - from) / lane.scale * lane.height);
    if (height > 0) {
      pen.fillStyle = colours[series.colour];
      pen.fillRect(left, y - height, width, height);
      y -= height;
    }
  }
}

/** A scale that a few long steps, say those of a cold start, do not make useless for the rest. */
function usualPeak(values, first, end) {
  const sorted = Float64Array.from(values.slice(first, end)).sort();
  const usual = 1.5 * (sorted[Math.floor(0.97 * sorted.length)] ?? 1);
  const peak = sorted[sorted.length - 1] ?? 1;
  return peak > 2 * usual ? usual : peak;
}

function highest(values, from, to) {
  let found = from;
  for (let i = from + 1; i < to; i++) if (values[i] > values[found]) found = i;
  return found;
}

function drawLane(lane, first, end) {
  const bottom = lane.top + lane.height;
  if (lane.id === 'cause') {
    drawCauses(lane, first, end);
    return;
  }
  const peak = mostOf(lane.total, first, end);
  const usual = lane.id === 'time' ? usualPeak(lane.total, first, end) : peak;
  const isLimitNear = lane.limit && lane.limit <= 2.5 * peak;
  lane.scale = lane.fixedScale ?? Math.max(1, usual, isLimitNear ? lane.limit : 0);
  pen.strokeStyle = colours.line;
  line(GUTTER, bottom + 0.5, view.width - RIGHT, bottom + 0.5);
  pen.strokeStyle = colours.grid;
  line(GUTTER, lane.top + 0.5, view.width - RIGHT, lane.top + 0.5);
  drawSeries(lane, first, end);
  if (isLimitNear) drawLimit(lane, bottom);
  if (lane.id === 'kv') drawMarks(first, end, lane.top, steps.numPreempted, colours.preempted);
  if (usual < peak) {
    drawMarks(first, end, lane.top, lane.total.map((v) => v > usual ? v : 0), colours.ink);
  }
  if (lane.id === 'time') drawFailures(first, end, lane);
}

/** Title and scale, beside the plot. */
function drawLaneTexts(lane) {
  drawGutterText(lane.title, lane.top + Math.min(11, lane.height), colours.ink);
  if (!lane.series) return;
  const bottom = lane.top + lane.height;
  pen.fillStyle = colours.soft;
  pen.textAlign = 'right';
  if (lane.height >= 22) {
    pen.textBaseline = 'bottom';
    pen.fillText('0', GUTTER - 6, bottom + 2);
  }
  pen.textBaseline = 'top';
  pen.fillText(lane.text(lane.scale), GUTTER - 6, lane.top - 1);
}

function drawLimit(lane, bottom) {
  const y = Math.round(bottom - lane.limit / lane.scale * lane.height) + 0.5;
  pen.strokeStyle = colours.soft;
  pen.setLineDash([4, 3]);
  line(GUTTER, y, view.width - RIGHT, y);
  pen.setLineDash([]);
}

/** Triangles where something happened. */
function drawMarks(first, end, top, values, colour) {
  pen.fillStyle = colour;
  let lastX = -10;
  for (let i = first; i < end; i++) {
    const x = toPixel(stepBegin[view.axis][i]);
    if (values[i] > 0 && x >= GUTTER - 1 && x - lastX >= 3) {
      pen.beginPath();
      pen.moveTo(x - 3.5, top - 5);
      pen.lineTo(x + 3.5, top - 5);
      pen.lineTo(x, top + 2);
      pen.fill();
      lastX = x;
    }
  }
}

/** Steps that failed, over the whole height. */
function drawFailures(first, end, lane) {
  pen.fillStyle = colours.bad;
  for (let i = first; i < end; i++) {
    if (names.outcome[steps.outcome[i]] === 'FAILED') {
      const left = Math.round(toPixel(stepBegin[view.axis][i]));
      const right = Math.round(toPixel(stepEnd[view.axis][i]));
      pen.fillRect(left, lane.top, Math.max(3, right - left - 1), lane.height);
    }
  }
}

function drawCauses(lane, first, end) {
  pen.fillStyle = colours.grid;
  pen.fillRect(GUTTER, lane.top, plotWidth(), lane.height);
  forEachColumn(first, end, (from, to, left, width) => {
    const cause = mainCause(from, to);
    if (cause.colour) {
      pen.fillStyle = colours[cause.colour];
      pen.fillRect(left, lane.top, Math.max(1, width), lane.height);
    }
  });
}

/** The most frequent cause of some steps, of those in which somebody waits. */
function mainCause(from, to) {
  const counts = new Array(names.waitCause.length).fill(0);
  for (let i = from; i < to; i++) counts[steps.waitCause[i]]++;
  counts[names.waitCause.indexOf('NOBODY_WAITS')] = 0.5;
  return CAUSES[names.waitCause[counts.indexOf(most(counts))]];
}

// ---- the whole run in one strip

function drawOverview() {
  const { top, height } = OVERVIEW;
  const [first, final] = whole[view.axis];
  const scale = plotWidth() / (final - first);
  drawGutterText('whole run', top + 11, colours.ink);
  pen.fillStyle = colours.panel;
  pen.fillRect(GUTTER, top, plotWidth(), height);
  const running = mostOf(steps.numRunning, 0, numSteps);
  const waiting = mostOf(steps.numWaiting, 0, numSteps);
  const peak = Math.max(1, running + waiting);
  const numColumns = Math.ceil(plotWidth());
  const runningOf = new Float64Array(numColumns + 1);
  const waitingOf = new Float64Array(numColumns + 1);
  for (let i = 0; i < numSteps; i++) {
    const from = Math.floor(stepBegin[view.axis][i] * scale);
    const to = Math.max(from, Math.floor(stepEnd[view.axis][i] * scale) - 1);
    for (let c = from; c <= Math.min(to, numColumns); c++) {
      runningOf[c] = Math.max(runningOf[c], steps.numRunning[i]);
      waitingOf[c] = Math.max(waitingOf[c], steps.numWaiting[i]);
    }
  }
  for (let c = 0; c < numColumns; c++) {
    const low = runningOf[c] / peak * height;
    pen.fillStyle = colours.decode;
    pen.fillRect(GUTTER + c, top + height - low, 1, low);
    pen.fillStyle = colours.queued;
    const high = waitingOf[c] / peak * height;
    pen.fillRect(GUTTER + c, top + height - low - high, 1, high);
  }
  const left = GUTTER + (view.begin - first) * scale;
  const right = Math.max(left + 3, GUTTER + (view.end - first) * scale);
  pen.fillStyle = colours.veil;
  pen.fillRect(GUTTER, top, left - GUTTER, height);
  pen.fillRect(right, top, GUTTER + plotWidth() - right, height);
  pen.strokeStyle = colours.accent;
  pen.lineWidth = 1.5;
  pen.strokeRect(left, top, right - left, height);
  pen.lineWidth = 1;
}

function drawTicks(bottomOfAll) {
  const y = OVERVIEW.top + OVERVIEW.height;
  drawGutterText(view.axis === 'steps' ? 'step' : 'time', y + 15, colours.soft);
  pen.textBaseline = 'middle';
  for (const tick of ticks()) {
    const x = Math.round(toPixel(tick.x)) + 0.5;
    pen.strokeStyle = colours.grid;
    line(x, y + TICKS_HEIGHT - 4, x, bottomOfAll);
    pen.fillStyle = colours.soft;
    const half = pen.measureText(tick.text).width / 2;
    pen.textAlign = 'left';
    pen.fillText(tick.text, Math.max(GUTTER, Math.min(view.width - 2 * half - 2, x - half)), y + 11);
  }
}

function drawGutterText(text, baseline, colour) {
  pen.fillStyle = colour;
  pen.textAlign = 'left';
  pen.textBaseline = 'alphabetic';
  pen.fillText(text, 10, baseline);
}

function line(x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}
