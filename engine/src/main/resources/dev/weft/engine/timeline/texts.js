// ---- texts: tooltip, details of a request, summary

/** Element with text or children; text never becomes markup. */
function element(name, content, className) {
  const made = document.createElement(name);
  if (className) made.className = className;
  for (const part of [content].flat()) {
    if (part !== undefined && part !== null) made.append(part);
  }
  return made;
}

function facts(rows) {
  const table = element('table', undefined, 'facts');
  for (const [name, value] of rows.filter((row) => row)) {
    table.append(element('tr', [element('td', name), element('td', value)]));
  }
  return table;
}

function swatch(colour) {
  const made = element('span', undefined, 'swatch');
  made.style.background = `var(--${colour})`;
  return made;
}

const plural = (number, one) => `${count(number)} ${one}${number === 1 ? '' : 's'}`;
const numbered = (i) => `step ${count(steps.stepId[i])}`;
const words = (constant) => constant.toLowerCase().replaceAll('_', ' ');

// ---- a step

function stepTip(i, numSharing) {
  const outcome = names.outcome[steps.outcome[i]];
  const isLost = outcome === 'OPEN' && steps.outcome.slice(i + 1).some((o) => o !== 0);
  const cause = names.waitCause[steps.waitCause[i]];
  const failure = recording.failures.find((f) => f.step === i + recording.firstStep);
  return [
    element('div', numbered(i), 'head'),
    facts([
      ['began', duration(steps.beganAt[i], 1e3)],
      ['step time', stepTime(i, outcome, isLost)],
      ['tokens', tokensText(i)],
      ['batch', `${plural(steps.numRows[i], 'row')}, ${count(steps.numRunning[i])} hold blocks`],
      ['waiting', count(steps.numWaiting[i])
        + (steps.numBlocked[i] ? `, and ${count(steps.numBlocked[i])} blocked` : '')],
      steps.numWaiting[i] > 0 && ['held back', CAUSES[cause].text],
      ['KV blocks', `${percent(steps.kvMillionths[i] / 1e6)} held`],
      ['prefix hits', plural(steps.numCachedTokens[i], 'token')],
      ['before it', eventsText(i)],
      ['output', plural(steps.numOutputTokens[i], 'token')],
      steps.numInFlight[i] > 1 && ['in flight', count(steps.numInFlight[i])],
      steps.numEmptyPlans[i] > 0 && ['empty plans', `${count(steps.numEmptyPlans[i])} before it`],
      outcome === 'FAILED' && ['failed', failure?.message ?? 'yes'],
    ]),
    numSharing > 1 && element('div', `1 of ${numSharing} steps at this pixel`, 'note'),
  ];
}

function stepTime(i, outcome, isLost) {
  if (outcome === 'OPEN') return isLost ? 'its result never came' : 'in flight';
  const device = steps.deviceNanos[i] > 0 ? `, device ${duration(steps.deviceNanos[i])}` : '';
  return `${duration(stepNanos[i])}${device}`;
}

function tokensText(i) {
  const parts = [
    [steps.numDecodeTokens[i], 'decode'], [steps.numPrefillTokens[i], 'prefill'],
    [steps.numRecomputedTokens[i], 'recomputed'], [steps.numDraftTokens[i], 'drafts'],
  ].filter(([number]) => number > 0).map(([number, name]) => `${count(number)} ${name}`);
  return `${count(tokensOf(i))}${parts.length ? ` = ${parts.join(' + ')}` : ''}`;
}

function eventsText(i) {
  const parts = [
    [steps.numAdmitted[i], 'admitted'], [steps.numPreempted[i], 'preempted'],
    [steps.numFinished[i], 'ended'],
  ].filter(([number]) => number > 0).map(([number, name]) => `${count(number)} ${name}`);
  return parts.length ? parts.join(', ') : 'nobody came or went';
}

// ---- a request

function sequenceTip(s, bar) {
  return [
    element('div', `request ${sequenceName(s)}`, 'head'),
    facts(sequenceFacts(s)),
    bar >= 0 && element('div', barText(bar), 'head'),
    bar >= 0 && bars.source[bar] >= 0 && causesTable(bars.source[bar]),
  ];
}

function sequenceFacts(s) {
  const tenant = recording.tenants[sequences.tenant[s]];
  const block = sequences.blockReason[s];
  return [
    ['prompt', `${plural(sequences.numPromptTokens[s], 'token')}, `
      + `${count(sequences.numCachedTokens[s])} from the cache`],
    ['output', `${count(sequences.numOutputTokens[s])} of at most `
      + count(sequences.maxNewTokens[s])],
    ['added', duration(sequences.addedAt[s], 1e3)
      + (sequences.beforeAddedNanos[s] > 0
        ? `, ${duration(sequences.beforeAddedNanos[s])} after it arrived` : '')],
    sequences.admittedAt[s] !== null
      && ['admitted', `after ${duration(sequences.admittedAt[s] - sequences.addedAt[s])}`],
    sequences.firstTokenAt[s] !== null
      && ['first token', `after ${duration(sequences.firstTokenAt[s] - sequences.addedAt[s])}`],
    sequences.longestGapNanos[s] > 0
      && ['longest gap', `${duration(sequences.longestGapNanos[s])} between two tokens`],
    sequences.numPreemptions[s] > 0
      && ['preempted', plural(sequences.numPreemptions[s], 'time')],
    sequences.priority[s] !== 0 && ['priority', String(sequences.priority[s])],
    tenant && ['tenant', tenant],
    block >= 0 && ['began blocked', words(names.blockReason[block])],
    sequences.deadlineNanos[s] >= 0 && ['deadline', `${duration(sequences.deadlineNanos[s])} later`],
    ['ended', endText(s)],
  ];
}

function endText(s) {
  return sequences.finishedAt[s] === null ? 'not yet'
    : `${finishName(s)}, after ${duration(sequences.finishedAt[s] - sequences.addedAt[s])}`;
}

function stepRange(first, end) {
  if (end <= first) return 'no step meanwhile';
  const isCut = first < recording.firstStep;
  const from = Math.max(0, first - recording.firstStep);
  const to = end - 1 - recording.firstStep;
  if (to < 0) return '';
  return from === to && !isCut ? numbered(from)
    : `steps ${isCut ? '…' : count(steps.stepId[from])} to ${count(steps.stepId[to])}`;
}

function barText(bar) {
  const source = bars.source[bar];
  const kind = barKind(bar);
  if (source >= 0) {
    return `${kind.text} ${duration(waits.endedAt[source] - waits.beganAt[source])}, `
      + stepRange(waits.firstStep[source], waits.endStep[source]);
  }
  const r = -1 - source;
  const isOne = runs.firstStep[r] === runs.lastStep[r];
  const position = runs.startPosition[r];
  const span = duration(bars.end.time[bar] - bars.begin.time[bar]);
  const recomputed = runs.numRecomputedTokens[r];
  const extra = kind !== BARS.RECOMPUTE && recomputed > 0
    ? `, ${count(recomputed)} of them again` : '';
  const drafts = runs.numDraftTokens[r] > 0 ? `, ${count(runs.numDraftTokens[r])} drafts` : '';
  return `${kind === BARS.RECOMPUTE ? 'recompute' : kind.text} ${plural(runs.numTokens[r], 'token')}`
    + ` from position ${count(position)}${extra}${drafts}, `
    + (isOne ? stepRange(runs.firstStep[r], runs.lastStep[r] + 1)
      : `${plural(runs.lastStep[r] - runs.firstStep[r] + 1, 'step')}, `
        + stepRange(runs.firstStep[r], runs.lastStep[r] + 1)) + `, ${span}`;
}

/** Why nobody was admitted while it waited: in how many of the steps which cause. */
function causesTable(wait) {
  const kind = names.waitKind[waits.kind[wait]];
  if (kind === 'LEFT_OUT' || kind === 'SHARED_PROMPT') return null;
  const causes = causesOfWait(waits.firstStep[wait], waits.endStep[wait]);
  return causes.length === 0 ? null : facts(causes.map(([cause, number]) =>
    [plural(number, 'step'), heldText(cause, wait) ?? CAUSES[cause].text]));
}

/** The policy says nothing of its reasons; how full the pool was tells most of it. */
function heldText(cause, wait) {
  if (cause !== 'POLICY') return null;
  const begin = Math.max(0, waits.firstStep[wait] - recording.firstStep);
  const held = steps.kvMillionths
    .slice(begin, Math.max(begin, waits.endStep[wait] - recording.firstStep))
    .filter((_, i) => names.waitCause[steps.waitCause[begin + i]] === cause);
  return `the policy admits nobody, with ${percent(sum(held) / held.length / 1e6)} of the KV blocks held`;
}

/** The life of a request as a list, in the order of time. */
function lifeOf(s) {
  const life = [];
  for (let b = bars.firstBar[s]; b < bars.firstBar[s + 1]; b++) {
    life.push({ at: bars.begin.time[b], bar: b });
  }
  for (const row of preemptionsOf[s]) {
    life.push({ at: preemptions.preemptedAt[row], preemption: row });
  }
  if (sequences.firstTokenAt[s] !== null) {
    life.push({ at: sequences.firstTokenAt[s], text: 'first token' });
  }
  if (sequences.finishedAt[s] !== null) {
    life.push({ at: sequences.finishedAt[s], text: `ends: ${finishName(s)}` });
  }
  const order = (item) => item.preemption !== undefined ? 0 : item.bar !== undefined ? 1 : 2;
  return life.sort((a, b) => a.at - b.at || order(a) - order(b));
}

function preemptionText(row) {
  const forId = preemptions.forRequestId[row];
  return `loses ${plural(preemptions.numBlocksReleased[row], 'block')} with `
    + `${plural(preemptions.numTokensToRecompute[row], 'token')}`
    + (forId === -1 ? '' : ` to request ${forId}`)
    + ` (${words(names.preemptReason[preemptions.reason[row]])})`;
}

const MAX_NUM_ENTRIES = 400;

function detailsOf(s, onGo, onClose) {
  const close = element('button', '×');
  close.setAttribute('aria-label', 'Close');
  close.addEventListener('click', onClose);
  const list = element('ol');
  const life = lifeOf(s);
  for (const item of life.slice(0, MAX_NUM_ENTRIES)) {
    const isBar = item.bar !== undefined;
    const text = isBar ? barText(item.bar)
      : item.preemption !== undefined ? preemptionText(item.preemption) : item.text;
    const content = element('span', [text]);
    if (isBar && bars.source[item.bar] >= 0) {
      const causes = causesTable(bars.source[item.bar]);
      if (causes) content.append(causes);
    }
    const colour = isBar ? barKind(item.bar).colour
      : item.preemption !== undefined ? 'preempted' : 'ink';
    const entry = element('li',
      [element('span', duration(item.at, 1e6), 'at'), swatch(colour), content]);
    entry.addEventListener('click', () => onGo(item));
    list.append(entry);
  }
  return [
    element('h2', [`request ${sequenceName(s)}`, close]),
    facts(sequenceFacts(s)),
    element('h3', 'its life'),
    list,
    life.length > MAX_NUM_ENTRIES
      && element('div', `and ${count(life.length - MAX_NUM_ENTRIES)} entries more`, 'note'),
  ].filter((part) => part);
}

// ---- the run

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

function summary() {
  const numOutput = sum(steps.numOutputTokens);
  const numTokens = sum(steps.stepId.map((_, i) => tokensOf(i)));
  const firstTokens = sequences.firstTokenAt
    .map((at, s) => at === null ? null : at - sequences.addedAt[s] + sequences.beforeAddedNanos[s])
    .filter((nanos) => nanos !== null).sort((a, b) => a - b);
  const numPrompt = sum(sequences.numPromptTokens.filter((_, s) =>
    sequences.sampleIndex[s] === 0 && sequences.admittedAt[s] !== null));
  const numHit = sum(sequences.numCachedTokens.filter((_, s) => sequences.sampleIndex[s] === 0));
  const numIncomplete = sequences.finishReason.filter((r, s) => r >= 0 && !isComplete(s)).length;
  const seconds = endOfTime / 1e9;
  return [
    ['steps', count(numSteps)],
    ['time', duration(endOfTime)],
    ['requests', count(sequencesOfId.size === 0 ? 0
      : sequences.sampleIndex.filter((sample) => sample === 0).length)],
    ['output tokens', count(numOutput)],
    ['tokens/s', count(numOutput / seconds)],
    ['mean batch', count(numSteps ? sum(steps.numRows) / numSteps : 0)],
    ['KV peak', percent(most(steps.kvMillionths) / 1e6)],
    ['prefix hits', percent(numPrompt ? numHit / numPrompt : 0)],
    ['preemptions', count(preemptions.sequence.length)],
    ['recomputed', percent(numTokens ? sum(steps.numRecomputedTokens) / numTokens : 0)],
    firstTokens.length > 0 && ['first token',
      `${duration(quantile(firstTokens, 0.5))} half, ${duration(quantile(firstTokens, 0.99))} p99`],
    numIncomplete > 0 && ['cut off', count(numIncomplete)],
  ].filter((row) => row);
}

function notice() {
  const parts = [];
  if (recording.firstStep > 0) {
    parts.push(`The first ${plural(recording.firstStep, 'step')} and `
      + `${plural(recording.numDroppedSequences, 'sequence')} that ended in them are not kept.`);
  }
  if (recording.numMissingRows > 0) {
    parts.push(`${plural(recording.numMissingRows, 'entry').replace('entrys', 'entries')} `
      + 'found no room: bars may be missing.');
  }
  return parts.join(' ');
}
