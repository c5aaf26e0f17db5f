// stand_in_state.cpp - the state behind the calls: what was given out, and when a call fails.
#include "stand_in_calls.h"

namespace stand_in {

State state;
std::recursive_mutex mutex;
std::condition_variable_any changed;
thread_local int boundGeneration;

namespace {

bool is_sticky(int code) {
  switch (code) {
    case 214:
    case 220:
    case 226:
    case 700:
    case 702:
    case 710:
    case 721:
    case 810:
    case 911:
      return true;
    default:
      return code >= 714 && code <= 719;
  }
}

bool is_capturing() {
  for (Stream* stream : state.streams) {
    if (stream->capture && stream->capturingThread == this_thread()) {
      return true;
    }
  }
  return false;
}

}  // namespace

int complain_and(int code, const std::string& text) {
  emu::complain(text);
  return code;
}

const void* this_thread() {
  static thread_local char own;
  return &own;
}

void* add(Object* object, Kind kind, const char* noun) {
  size_t number = 1;
  for (auto& other : state.objects) {
    number += other->kind == kind;
  }
  object->kind = kind;
  object->name = std::string(noun) + " " + std::to_string(number);
  state.objects.emplace_back(object);
  return (void*)(state.firstHandle + 16 * (state.objects.size() - 1));
}

namespace {

// Of any kind, alive or not; null when the handle was never given out since the last reset.
Object* object_of(void* handle) {
  size_t index = ((uintptr_t)handle - state.firstHandle) / 16;
  return (uintptr_t)handle >= state.firstHandle && index < state.objects.size()
             ? state.objects[index].get()
             : nullptr;
}

}  // namespace

Object* find(void* handle, Kind kind, const char* noun) {
  Object* object = object_of(handle);
  if (!object || object->kind != kind) {
    emu::complain(std::string("a handle that is no ") + noun);
    return nullptr;
  }
  if (!object->alive) {
    emu::complain(object->name + " was destroyed and is used again");
    return nullptr;
  }
  return object;
}

void break_captures() {
  for (Stream* stream : state.streams) {
    if (stream->capture && stream->capturingThread == this_thread()) {
      stream->captureBroken = true;
    }
  }
}

Call::Call(const char* name, Needs needs) : guard(mutex), result(SUCCESS) {
  long long number = ++state.calls[name];
  auto failure = state.switches.failures.find(name);
  if (failure != state.switches.failures.end() && failure->second.call == number) {
    result = failure->second.code;
    if (is_sticky(result)) {
      state.sticky = result;
    }
  } else if (state.sticky) {
    result = state.sticky;
  } else if (needs != NOTHING && (!state.contextRetains ||
                                  boundGeneration != state.contextGeneration)) {
    result = INVALID_CONTEXT;
    // A thread that an earlier test left behind is no matter of this one.
    if (!boundGeneration || boundGeneration >= state.firstGeneration) {
      emu::complain(std::string(name) + " by a thread without a context");
    }
  } else if (needs == NO_CAPTURE && is_capturing()) {
    break_captures();
    result = complain_and(CAPTURE_UNSUPPORTED, std::string(name) + " during a capture");
  }
}

Stream* stream_of(void* handle) { return (Stream*)find(handle, Kind::STREAM, "stream"); }

int destroy(Call& call, void* handle, Kind kind, const char* noun) {
  if (call.code() != SUCCESS) {
    if (Object* object = object_of(handle)) {
      object->forgiven = true;
    }
    return call.code();
  }
  Object* object = find(handle, kind, noun);
  if (!object) {
    return INVALID_HANDLE;
  }
  object->alive = false;
  return SUCCESS;
}

int push_run(void* handle, const char* name, std::function<void()> run) {
  Stream* stream = stream_of(handle);
  if (!stream) {
    return INVALID_HANDLE;
  }
  Operation operation;
  operation.name = name;
  operation.run = std::move(run);
  return push(stream, std::move(operation));
}

}  // namespace stand_in
