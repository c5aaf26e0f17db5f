// stand_in_state.cpp - the state behind the calls: what was given out, and when a call fails.
#include "stand_in_calls.h"

namespace stand_in {

State state;
std::recursive_mutex mutex;
std::condition_variable_any changed;
thread_local int boundGeneration;

namespace {

constexpr uintptr_t FIRST_HANDLE = 0x51000000;

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
  return (void*)(FIRST_HANDLE + 16 * (state.objects.size() - 1));
}

Object* find(void* handle, Kind kind, const char* noun) {
  size_t index = ((uintptr_t)handle - FIRST_HANDLE) / 16;
  if ((uintptr_t)handle < FIRST_HANDLE || index >= state.objects.size() ||
      state.objects[index]->kind != kind) {
    emu::complain(std::string("a handle that is no ") + noun);
    return nullptr;
  }
  Object* object = state.objects[index].get();
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
    result = complain_and(INVALID_CONTEXT, std::string(name) + " by a thread without a context");
  } else if (needs == NO_CAPTURE && is_capturing()) {
    break_captures();
    result = complain_and(CAPTURE_UNSUPPORTED, std::string(name) + " during a capture");
  }
}

Stream* stream_of(void* handle) { return (Stream*)find(handle, Kind::STREAM, "stream"); }

int destroy(Call& call, void* handle, Kind kind, const char* noun) {
  if (call.code() != SUCCESS) {
    size_t index = ((uintptr_t)handle - FIRST_HANDLE) / 16;
    if (index < state.objects.size()) {
      state.objects[index]->forgiven = true;
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
