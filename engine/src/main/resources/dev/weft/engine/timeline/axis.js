// ---- axis: the part of the run that is shown, and ticks

const GUTTER = 126;
const RIGHT = 10;
const view = { axis: 'time', begin: 0, end: endOfTime, width: 800 };

const plotWidth = () => Math.max(50, view.width - GUTTER - RIGHT);
const toPixel = (x) => GUTTER + (x - view.begin) / (view.end - view.begin) * plotWidth();
const fromPixel = (pixel) =>
  view.begin + (pixel - GUTTER) / plotWidth() * (view.end - view.begin);

/** Shows from begin to end, as far as that is within the run and not too little. */
function show(begin, end) {
  const [first, final] = whole[view.axis];
  const least = view.axis === 'steps' ? Math.min(4, final - first) : (final - first) / 5e5;
  const width = Math.max(least, Math.min(final - first, end - begin));
  const middle = (begin + end) / 2;
  view.begin = Math.max(first, Math.min(final - width, middle - width / 2));
  view.end = view.begin + width;
}

function zoom(factor, around) {
  show(around - (around - view.begin) * factor, around + (view.end - around) * factor);
}

function move(share) {
  const by = share * (view.end - view.begin);
  show(view.begin + by, view.end + by);
}

function setAxis(axis) {
  if (axis === view.axis) return;
  const convert = axis === 'steps' ? stepsOfTime : timeOfSteps;
  const isWhole = view.begin === whole[view.axis][0] && view.end === whole[view.axis][1];
  const [begin, end] = isWhole ? whole[axis] : [convert(view.begin), convert(view.end)];
  view.axis = axis;
  show(begin, end);
}

/** Distance of round ticks, so that there are at most so many. */
function tickStep(span, maxNumTicks, isWholeNumber) {
  const raw = Math.max(span / Math.max(1, maxNumTicks), isWholeNumber ? 1 : 1e-9);
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((f) => f * power >= raw * 0.999999);
  return factor * power;
}

/** Places and texts of the ticks that are shown. */
function ticks() {
  const isSteps = view.axis === 'steps';
  const step = tickStep(view.end - view.begin, plotWidth() / 100, isSteps);
  const offset = isSteps ? steps.stepId[0] ?? 0 : 0; // Ids of steps are round, not their places.
  const first = Math.ceil((view.begin + offset) / step);
  const found = [];
  for (let k = first; k * step - offset <= view.end && found.length < 100; k++) {
    found.push({ x: k * step - offset, text: isSteps ? count(k * step) : duration(k * step, step) });
  }
  return found;
}

// ---- numbers as people read them

const NUMBER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const count = (value) => NUMBER.format(value);
const percent = (share) => `${NUMBER.format(100 * share)} %`;

/** Nanoseconds in the unit that suits them; resolution is the least difference to be seen. */
function duration(nanos, resolution = Math.abs(nanos) / 100) {
  const size = Math.max(Math.abs(nanos), 1);
  const [unit, text] = size >= 1e9 ? [1e9, 's'] : size >= 1e6 ? [1e6, 'ms']
    : size >= 1e3 ? [1e3, 'µs'] : [1, 'ns'];
  const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(resolution / unit) + 1e-9)));
  return nanos === 0 ? '0' : `${(nanos / unit).toFixed(unit === 1 ? 0 : digits)} ${text}`;
}

/** Shortest number for a gutter: 1.2k, 3.4M. */
function brief(value) {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e4) return `${+(value / 1e3).toPrecision(3)}k`;
  return `${+value.toPrecision(3)}`;
}
