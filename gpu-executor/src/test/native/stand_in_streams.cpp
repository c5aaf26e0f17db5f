// stand_in_streams.cpp - when the work of streams runs, and what has happened before what.
//
// A stream is a queue. Eager runs all that may run as soon as something is queued. Lazy runs
// nothing until somebody waits or looks, and then only what that needs. Random runs any legal
// number of operations of any streams whenever it gets the chance.
//
// Every stream has a vector clock, and so has the host; an event hands on the clock of its stream.
// races.cpp judges by these clocks, so a missing event is found also when the work happened to run
// in a good order.
#include <algorithm>

#include "stand_in.h"

namespace stand_in {

void join(Clock& clock, const Clock& other) {
  if (clock.size() < other.size()) {
    clock.resize(other.size());
  }
  for (size_t i = 0; i < other.size(); i++) {
    clock[i] = std::max(clock[i], other[i]);
  }
}

uint64_t next_random() {
  uint64_t& random = state.switches.random;
  random = random * 6364136223846793005ull + 1442695040888963407ull;
  return random >> 33;
}

namespace {

bool is_blocked(const Stream* stream) {
  const Operation& first = stream->queue.front();
  return stream->hangs || (first.awaited && first.awaited->done < first.awaitedValue);
}

// Runs the oldest operation of the stream, if there is one and it may run.
bool step(Stream* stream) {
  if (stream->queue.empty() || is_blocked(stream)) {
    return false;
  }
  Operation operation = std::move(stream->queue.front());
  stream->queue.pop_front();
  join(stream->clock, operation.host);
  if (operation.awaited) {
    join(stream->clock, operation.awaited->clock);
  }
  if (stream->clock.size() <= stream->index) {
    stream->clock.resize(stream->index + 1);
  }
  stream->clock[stream->index]++;
  if (operation.run) {
    emu::begin_operation({operation.name, stream->index, stream->clock});
    operation.run();
  }
  return true;
}

bool step_any() {
  size_t count = state.streams.size();
  size_t first = state.switches.order == Order::RANDOM && count ? next_random() % count : 0;
  for (size_t i = 0; i < count; i++) {
    if (step(state.streams[(first + i) % count])) {
      return true;
    }
  }
  return false;
}

// Runs one operation that the next one of this stream needs, or that one itself.
bool step_needed(Stream* stream) {
  for (size_t i = 0; i <= state.streams.size(); i++) {
    if (step(stream)) {
      return true;
    }
    if (stream->queue.empty() || stream->hangs) {
      return false;
    }
    stream = stream->queue.front().awaited->stream;
  }
  return false;
}

bool step_towards(Stream* wanted) {
  if (wanted && state.switches.order == Order::LAZY) {
    return step_needed(wanted);
  }
  return step_any();
}

bool any_hangs() {
  return std::any_of(state.streams.begin(), state.streams.end(),
                     [](Stream* stream) { return stream->hangs; });
}

}  // namespace

int push(Stream* stream, Operation operation) {
  if (stream->capture) {
    stream->capture->operations.push_back(std::move(operation));
    return SUCCESS;
  }
  operation.host = state.host;
  stream->queue.push_back(std::move(operation));
  if (state.switches.order == Order::EAGER) {
    while (!state.sticky && step_any()) {
    }
  } else if (state.switches.order == Order::RANDOM) {
    while (!state.sticky && next_random() % 3 == 0 && step_any()) {
    }
  }
  return state.sticky;
}

int run_until(Call& call, Stream* wanted, const std::function<bool()>& condition) {
  int resets = state.resets;
  while (!condition()) {
    if (step_towards(wanted)) {
      if (state.sticky) {
        return state.sticky;
      }
      continue;
    }
    if (!any_hangs()) {
      emu::complain("streams wait for each other for ever");
      return state.sticky = LAUNCH_FAILED;
    }
    // As on a device that does not come back; other threads go on.
    changed.wait(call.lock());
    if (state.resets != resets) {
      return DEINITIALIZED;
    }
  }
  return state.sticky;
}

void make_progress(Stream* wanted) {
  if (state.switches.order == Order::RANDOM) {
    while (!state.sticky && next_random() % 2 == 0 && step_any()) {
    }
  } else {
    step_towards(wanted);
  }
}

bool all_idle() {
  return std::all_of(state.streams.begin(), state.streams.end(),
                     [](Stream* stream) { return stream->queue.empty(); });
}

}  // namespace stand_in
