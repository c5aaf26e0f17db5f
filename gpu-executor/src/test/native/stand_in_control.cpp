// stand_in_control.cpp - the switches of the stand-in, for the Java class StandIn.
//
// JNI without its header: strings go through the table of functions that the environment begins
// with; the places in that table are fixed by the specification of JNI.
#include <string.h>

#include "stand_in.h"

using namespace stand_in;

#define CONTROL(type, name) \
  extern "C" __attribute__((visibility("default"))) type Java_dev_weft_gpuexecutor_StandIn_##name

typedef void* Env;
typedef void* JavaString;

namespace {

typedef std::lock_guard<std::recursive_mutex> Lock;

void* function(Env env, int index) { return (*(void***)env)[index]; }

JavaString java_string(Env env, const std::string& text) {
  typedef JavaString (*NewStringUtf)(Env, const char*);
  return ((NewStringUtf)function(env, 167))(env, text.c_str());
}

std::string text_of(Env env, JavaString string) {
  typedef const char* (*GetStringUtfChars)(Env, JavaString, unsigned char*);
  typedef void (*ReleaseStringUtfChars)(Env, JavaString, const char*);
  const char* chars = ((GetStringUtfChars)function(env, 169))(env, string, nullptr);
  std::string text = chars;
  ((ReleaseStringUtfChars)function(env, 170))(env, string, chars);
  return text;
}

std::string lines(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) {
    joined += (joined.empty() ? "" : "\n") + text;
  }
  return joined;
}

// What a test left: all that the driver gave out and did not get back.
std::vector<std::string> leaks() {
  std::vector<std::string> found = living_allocations();
  for (auto& object : state.objects) {
    if (object->alive && !object->forgiven && object->kind != Kind::FUNCTION) {
      found.push_back(object->name);
    }
  }
  if (state.contextRetains) {
    found.push_back("the primary context");
  }
  return found;
}

}  // namespace

namespace emu {

void complain(const std::string& text) { state.complaints.push_back(text); }

}  // namespace emu

CONTROL(void, clear)(Env, void*) {
  Lock lock(mutex);
  free_all_memory();
  emu::track(false, false);
  State fresh;
  fresh.resets = state.resets + 1;
  fresh.contextGeneration = fresh.firstGeneration = state.contextGeneration + 1;
  fresh.firstHandle = state.firstHandle + 16 * state.objects.size();
  state = std::move(fresh);
  changed.notify_all();
}

CONTROL(JavaString, takeComplaints)(Env env, void*) {
  Lock lock(mutex);
  std::string text = lines(state.complaints);
  state.complaints.clear();
  return java_string(env, text);
}

CONTROL(JavaString, findLeaks)(Env env, void*) {
  Lock lock(mutex);
  return java_string(env, lines(leaks()));
}

CONTROL(void, setOrder)(Env, void*, int order, long long seed) {
  Lock lock(mutex);
  state.switches.order = (Order)order;
  state.switches.random = (uint64_t)seed * 2654435761u + 1;
}

CONTROL(void, setSchedule)(Env, void*, long long seed) {
  Lock lock(mutex);
  state.switches.schedule = seed;
}

CONTROL(void, setChecked)(Env, void*, unsigned char checked, unsigned char unwritten) {
  Lock lock(mutex);
  state.switches.checked = checked;
  forget_accesses();
  emu::track(checked, unwritten);
}

CONTROL(void, setMemory)(Env, void*, long long bytes) {
  Lock lock(mutex);
  state.switches.memoryBytes = bytes;
}

CONTROL(void, setDevices)(Env, void*, int count, int major, int minor, int multiprocessors) {
  Lock lock(mutex);
  state.switches.numDevices = count;
  state.switches.major = major;
  state.switches.minor = minor;
  state.switches.multiprocessors = multiprocessors;
}

CONTROL(void, setOldDevices)(Env, void*, int count) {
  Lock lock(mutex);
  state.switches.numOldDevices = count;
}

CONTROL(void, setVersion)(Env, void*, int version) {
  Lock lock(mutex);
  state.switches.version = version;
}

CONTROL(void, setFailingKernel)(Env, void*, long long n, int code) {
  Lock lock(mutex);
  state.switches.failingKernel = n ? state.numKernelRuns + n : 0;
  state.switches.failingCode = code;
}

CONTROL(void, setFailingCall)(Env env, void*, JavaString name, long long n, int code) {
  Lock lock(mutex);
  std::string call = text_of(env, name);
  state.switches.failures[call] = {state.calls[call] + n, code};
}

CONTROL(void, setHangingKernel)(Env, void*, long long n) {
  Lock lock(mutex);
  state.switches.hangingKernel = n ? state.numKernelRuns + n : 0;
  if (!n) {
    for (Stream* stream : state.streams) {
      stream->hangs = false;
    }
    changed.notify_all();
  }
}

CONTROL(void, forgetError)(Env, void*) {
  Lock lock(mutex);
  state.sticky = SUCCESS;
  for (Stream* stream : state.streams) {
    stream->queue.clear();
    stream->hangs = false;
  }
  changed.notify_all();
}

CONTROL(long long, countCalls)(Env env, void*, JavaString name) {
  Lock lock(mutex);
  return state.calls[text_of(env, name)];
}

CONTROL(long long, countKernels)(Env env, void*, JavaString name) {
  Lock lock(mutex);
  std::string kernel = text_of(env, name);
  return kernel.empty() ? state.numKernelRuns : state.kernelRuns[kernel];
}
