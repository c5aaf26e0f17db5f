// ---- model: the recording as it was written, and where everything lies on both axes

const recording = JSON.parse(document.getElementById('recording').textContent);
const { steps, sequences, waits, runs, preemptions, names, limits } = recording;
const numSteps = steps.stepId.length;
const numSequences = sequences.requestId.length;
const AXES = ['time', 'steps'];

/** Index of the last of the ascending values that is not above x, or -1. */
function lastNotAbove(values, x) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= x) low = middle + 1; else high = middle;
  }
  return low - 1;
}

/** Place of a time on the axis of steps: step i lies from i to i + 1. */
function stepsOfTime(nanos) {
  const i = lastNotAbove(steps.beganAt, nanos);
  if (i < 0) return 0;
  const length = steps.endedAt[i] - steps.beganAt[i];
  return nanos >= steps.endedAt[i] ? i + 1 : i + (nanos - steps.beganAt[i]) / length;
}

function timeOfSteps(x) {
  const i = Math.max(0, Math.min(numSteps - 1, Math.floor(x)));
  if (numSteps === 0) return 0;
  return steps.beganAt[i] + (x - i) * (steps.endedAt[i] - steps.beganAt[i]);
}

const last = (values) => values[values.length - 1];
const sum = (values) => values.reduce((total, value) => total + value, 0);
const most = (values) => values.reduce((found, value) => Math.max(found, value), 0);
const isStep = (number) => number >= recording.firstStep
  && number < recording.firstStep + numSteps;
const nameOf = (id, sample, numSamples) => numSamples > 1 ? `${id}/${sample}` : `${id}`;
const sequenceName = (s) =>
  nameOf(sequences.requestId[s], sequences.sampleIndex[s], sequences.numSamples[s]);
const finishName = (s) =>
  sequences.finishReason[s] < 0 ? null : names.finishReason[sequences.finishReason[s]];
const isComplete = (s) => ['STOP', 'LENGTH'].includes(finishName(s));

const endOfTime = Math.max(1, most(waits.endedAt), most(steps.endedAt),
  most(sequences.finishedAt.map((at) => at ?? 0)));
const whole = { time: [0, endOfTime], steps: [0, Math.max(1, numSteps)] };

/** First and end place of each step. */
const stepBegin = { time: steps.beganAt, steps: steps.stepId.map((_, i) => i) };
const stepEnd = { time: steps.endedAt, steps: steps.stepId.map((_, i) => i + 1) };

/**
 * Bars of all sequences, those of one sequence behind each other: waits first, so that rows are
 * drawn over them.
 */
const bars = placeBars();

function placeBars() {
  const numWaits = waits.sequence.length;
  const numBars = numWaits + runs.sequence.length;
  const firstBar = new Int32Array(numSequences + 1);
  waits.sequence.forEach((s) => firstBar[s + 1]++);
  runs.sequence.forEach((s) => firstBar[s + 1]++);
  for (let s = 0; s < numSequences; s++) firstBar[s + 1] += firstBar[s];
  const next = firstBar.slice();
  const placed = {
    firstBar,
    /** Row of waits, or -1 - row of runs. */
    source: new Int32Array(numBars),
    begin: { time: new Float64Array(numBars), steps: new Float64Array(numBars) },
    end: { time: new Float64Array(numBars), steps: new Float64Array(numBars) },
  };
  const put = (s, source, begin, end) => {
    const at = next[s]++;
    placed.source[at] = source;
    AXES.forEach((axis, i) => {
      placed.begin[axis][at] = begin[i];
      placed.end[axis][at] = end[i];
    });
  };
  // With steps in flight a row is planned while another step runs: the wait is drawn up to the row.
  const key = (s, step) => s * (recording.firstStep + numSteps + 1) + step;
  const firstRows = new Set(runs.sequence.map((s, r) => key(s, runs.firstStep[r])));
  for (let w = 0; w < numWaits; w++) {
    const began = Math.max(0, waits.beganAt[w]);
    const endStep = waits.endStep[w];
    const ended = isStep(endStep) && firstRows.has(key(waits.sequence[w], endStep))
      ? Math.max(waits.endedAt[w], steps.beganAt[endStep - recording.firstStep])
      : waits.endedAt[w];
    put(waits.sequence[w], w, [began, stepsOfTime(began)], [ended, stepsOfTime(ended)]);
  }
  for (let r = 0; r < runs.sequence.length; r++) {
    const first = Math.max(0, runs.firstStep[r] - recording.firstStep);
    const final = runs.lastStep[r] - recording.firstStep;
    put(runs.sequence[r], -1 - r, [steps.beganAt[first], first], [steps.endedAt[final], final + 1]);
  }
  return placed;
}

/** From when to when a sequence was there. */
const lifeBegin = { time: [], steps: [] };
const lifeEnd = { time: [], steps: [] };
for (let s = 0; s < numSequences; s++) {
  const began = Math.max(0, sequences.addedAt[s]);
  const ended = sequences.finishedAt[s] ?? endOfTime;
  lifeBegin.time.push(began);
  lifeBegin.steps.push(stepsOfTime(began));
  lifeEnd.time.push(ended);
  lifeEnd.steps.push(stepsOfTime(ended));
  for (let b = bars.firstBar[s]; b < bars.firstBar[s + 1]; b++) {
    AXES.forEach((axis) => {
      lifeEnd[axis][s] = Math.max(lifeEnd[axis][s], bars.end[axis][b]);
    });
  }
}

/** Rows of preemptions of each sequence. */
const preemptionsOf = Array.from({ length: numSequences }, () => []);
preemptions.sequence.forEach((s, row) => preemptionsOf[s].push(row));

/** Sequences of a request id; the last request of that id when it was used again. */
const sequencesOfId = new Map();
sequences.requestId.forEach((id, s) => {
  if (sequences.sampleIndex[s] === 0) sequencesOfId.set(String(id), []);
  sequencesOfId.get(String(id))?.push(s);
});

/** How many of the steps from first to behind end had which cause of waiting, most first. */
function causesOfWait(first, end) {
  const counts = new Map();
  const begin = Math.max(0, first - recording.firstStep);
  for (let i = begin; i < Math.min(numSteps, end - recording.firstStep); i++) {
    const cause = names.waitCause[steps.waitCause[i]];
    counts.set(cause, (counts.get(cause) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function tokensOf(i) {
  return steps.numPrefillTokens[i] + steps.numRecomputedTokens[i] + steps.numDecodeTokens[i]
    + steps.numDraftTokens[i];
}
