// stand_in_work.cpp - the calls that give the device work: streams, events, modules, launches,
// graphs.
#include <stdio.h>

#include <algorithm>

#include "stand_in_calls.h"

using namespace stand_in;

namespace {

constexpr size_t DEFAULT_SHARED_BYTES = 48 * 1024;

Event* event_of(void* handle) { return (Event*)find(handle, Kind::EVENT, "event"); }

}  // namespace

// ---- streams and events ------------------------------------------------------------------------

API cuStreamCreate(void** handle, unsigned flags) {
  CALL("cuStreamCreate", NO_CAPTURE);
  if (flags != 1) {
    return complain_and(INVALID_VALUE, "a stream that waits for the default stream");
  }
  Stream* stream = new Stream;
  *handle = add(stream, Kind::STREAM, "stream");
  stream->index = state.streams.size() + 1;
  state.streams.push_back(stream);
  return SUCCESS;
}

// Its work is done all the same, some time.
API cuStreamDestroy_v2(void* handle) {
  Call call("cuStreamDestroy", Call::NO_CAPTURE);
  return destroy(call, handle, Kind::STREAM, "stream");
}

API cuEventCreate(void** handle, unsigned) {
  CALL("cuEventCreate", CONTEXT);
  *handle = add(new Event, Kind::EVENT, "event");
  return SUCCESS;
}

API cuEventDestroy_v2(void* handle) {
  Call call("cuEventDestroy", Call::CONTEXT);
  return destroy(call, handle, Kind::EVENT, "event");
}

static int check_event(const Event* event, const Stream* stream) {
  if (!event || !stream) {
    return INVALID_HANDLE;
  }
  if (stream->capture) {
    break_captures();
    return complain_and(CAPTURE_UNSUPPORTED, "the stand-in captures no events");
  }
  return SUCCESS;
}

API cuEventRecord(void* handle, void* streamHandle) {
  CALL("cuEventRecord", CONTEXT);
  Event* event = event_of(handle);
  Stream* stream = stream_of(streamHandle);
  if (int code = check_event(event, stream)) {
    return code;
  }
  event->stream = stream;
  uint64_t value = ++event->recorded;
  Operation operation;
  operation.name = "cuEventRecord";
  operation.run = [=] {
    event->done = value;
    event->clock = stream->clock;
  };
  return push(stream, std::move(operation));
}

API cuStreamWaitEvent(void* streamHandle, void* handle, unsigned) {
  CALL("cuStreamWaitEvent", CONTEXT);
  Event* event = event_of(handle);
  Stream* stream = stream_of(streamHandle);
  if (int code = check_event(event, stream)) {
    return code;
  }
  Operation operation;
  operation.name = "cuStreamWaitEvent";
  operation.awaited = event;
  operation.awaitedValue = event->recorded;
  return push(stream, std::move(operation));
}

API cuEventQuery(void* handle) {
  CALL("cuEventQuery", NO_CAPTURE);
  Event* event = event_of(handle);
  if (!event) {
    return INVALID_HANDLE;
  }
  if (!event->is_done()) {
    make_progress(event->stream);
  }
  if (state.sticky) {
    return state.sticky;
  }
  if (!event->is_done()) {
    return NOT_READY;
  }
  join(state.host, event->clock);
  return SUCCESS;
}

API cuEventSynchronize(void* handle) {
  CALL("cuEventSynchronize", NO_CAPTURE);
  Event* event = event_of(handle);
  if (!event) {
    return INVALID_HANDLE;
  }
  int code = run_until(call, event->stream, [=] { return event->is_done(); });
  if (!code) {
    join(state.host, event->clock);
  }
  return code;
}

// For the stand-in of cuBLAS, whose work takes its turn by it.
API cuLaunchHostFunc(void* stream, void (*function)(void*), void* data) {
  CALL("cuLaunchHostFunc", CONTEXT);
  return push_run(stream, "cuLaunchHostFunc", [=] { function(data); });
}

// ---- modules and launches ----------------------------------------------------------------------

API cuModuleLoadData(void** handle, const void* image) {
  CALL("cuModuleLoadData", NO_CAPTURE);
  std::string ptx = (const char*)image;
  if (ptx.find(".version ") == std::string::npos) {
    return INVALID_IMAGE;
  }
  Module* module = new Module;
  module->ptx = ptx;
  *handle = add(module, Kind::MODULE, "module");
  return SUCCESS;
}

API cuModuleUnload(void* handle) {
  Call call("cuModuleUnload", Call::NO_CAPTURE);
  return destroy(call, handle, Kind::MODULE, "module");
}

API cuModuleGetFunction(void** handle, void* moduleHandle, const char* name) {
  CALL("cuModuleGetFunction", CONTEXT);
  Module* module = (Module*)find(moduleHandle, Kind::MODULE, "module");
  if (!module) {
    return INVALID_HANDLE;
  }
  Entry entry = entry_of(module->ptx, name);
  const emu::Kernel* kernel = emu::plainKernels.find(name);
  if (entry.parameterSizes.empty()) {
    return complain_and(NOT_FOUND, std::string(name) + " is not in the PTX");
  }
  if (!kernel) {
    return complain_and(NOT_FOUND, std::string(name) + " is not in kernel_registry.h");
  }
  if (entry.parameterSizes != std::vector<size_t>(kernel->parameterSizes,
                                                  kernel->parameterSizes + kernel->numParameters)) {
    return complain_and(NOT_FOUND, std::string(name) + ": the sources have other parameters than "
                                   "the PTX; run tools/build-kernels");
  }
  Function* function = new Function;
  function->kernel = name;
  function->entry = entry;
  function->maxDynamicBytes =
      DEFAULT_SHARED_BYTES - std::min(DEFAULT_SHARED_BYTES, entry.staticSharedBytes);
  *handle = add(function, Kind::FUNCTION, "function");
  return SUCCESS;
}

API cuFuncSetAttribute(void* handle, int attribute, int value) {
  CALL("cuFuncSetAttribute", CONTEXT);
  Function* function = (Function*)find(handle, Kind::FUNCTION, "function");
  if (!function) {
    return INVALID_HANDLE;
  }
  if (attribute != 8 || value < 0 ||
      value + function->entry.staticSharedBytes > emu::MAX_SHARED_BYTES) {
    return complain_and(INVALID_VALUE, function->kernel + ": attribute " +
                                           std::to_string(attribute) + " = " +
                                           std::to_string(value));
  }
  function->maxDynamicBytes = value;
  return SUCCESS;
}

static int check_shape(const Function& function, dim3 grid, dim3 block, size_t sharedBytes) {
  size_t threads = (size_t)block.x * block.y * block.z;
  char text[200];
  if (!grid.x || !grid.y || !grid.z || grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535) {
    snprintf(text, sizeof text, "a grid of %u x %u x %u blocks", grid.x, grid.y, grid.z);
  } else if (!threads || threads > 1024 || threads > function.entry.maxThreads) {
    snprintf(text, sizeof text, "%zu threads of %u", threads, function.entry.maxThreads);
  } else if (sharedBytes > function.maxDynamicBytes) {
    snprintf(text, sizeof text, "%zu bytes of dynamic shared memory, %zu are permitted",
             sharedBytes, function.maxDynamicBytes);
  } else {
    return SUCCESS;
  }
  return complain_and(INVALID_VALUE, function.kernel + ": " + text);
}

// The values of the arguments are read during the call, as CUDA does.
API cuLaunchKernel(void* handle, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                   unsigned blockY, unsigned blockZ, unsigned sharedBytes, void* streamHandle,
                   void** arguments, void**) {
  CALL("cuLaunchKernel", CONTEXT);
  Function* function = (Function*)find(handle, Kind::FUNCTION, "function");
  Stream* stream = stream_of(streamHandle);
  if (!function || !stream) {
    return INVALID_HANDLE;
  }
  dim3 grid(gridX, gridY, gridZ);
  dim3 block(blockX, blockY, blockZ);
  int code = check_shape(*function, grid, block, sharedBytes);
  if (code) {
    return code;
  }
  std::string values(8 * function->entry.parameterSizes.size(), 0);
  for (size_t i = 0; i < function->entry.parameterSizes.size(); i++) {
    memcpy(&values[8 * i], arguments[i], function->entry.parameterSizes[i]);
  }
  return push_run(streamHandle, function->kernel.c_str(), [=] {
    run_kernel(*function, grid, block, sharedBytes, values, stream);
  });
}

// ---- graphs ------------------------------------------------------------------------------------

API cuStreamBeginCapture_v2(void* handle, int mode) {
  CALL("cuStreamBeginCapture", CONTEXT);
  Stream* stream = stream_of(handle);
  if (!stream) {
    return INVALID_HANDLE;
  }
  if (stream->capture || mode != 1) {
    return complain_and(CAPTURE_UNSUPPORTED, "a capture in a capture, or not of one thread");
  }
  stream->capture = new Captured;
  stream->captureBroken = false;
  stream->capturingThread = this_thread();
  return SUCCESS;
}

API cuStreamEndCapture(void* handle, void** graph) {
  CALL("cuStreamEndCapture", CONTEXT);
  Stream* stream = stream_of(handle);
  if (!stream) {
    return INVALID_HANDLE;
  }
  if (!stream->capture) {
    return complain_and(INVALID_VALUE, "the end of a capture that did not begin");
  }
  if (stream->capturingThread != this_thread()) {
    return complain_and(CAPTURE_WRONG_THREAD, "a capture ends on another thread");
  }
  std::unique_ptr<Captured> captured(stream->capture);
  stream->capture = nullptr;
  if (stream->captureBroken) {
    return CAPTURE_INVALIDATED;
  }
  *graph = add(captured.release(), Kind::CAPTURED, "captured graph");
  return SUCCESS;
}

API cuGraphInstantiateWithFlags(void** executable, void* graph, unsigned long long) {
  CALL("cuGraphInstantiate", NO_CAPTURE);
  Captured* captured = (Captured*)find(graph, Kind::CAPTURED, "captured graph");
  if (!captured) {
    return INVALID_HANDLE;
  }
  Captured* copy = new Captured;
  copy->operations = captured->operations;
  *executable = add(copy, Kind::GRAPH, "graph");
  return SUCCESS;
}

API cuGraphUpload(void* executable, void* stream) {
  CALL("cuGraphUpload", NO_CAPTURE);
  return find(executable, Kind::GRAPH, "graph") && stream_of(stream) ? SUCCESS : INVALID_HANDLE;
}

API cuGraphLaunch(void* executable, void* streamHandle) {
  CALL("cuGraphLaunch", CONTEXT);
  Captured* graph = (Captured*)find(executable, Kind::GRAPH, "graph");
  Stream* stream = stream_of(streamHandle);
  if (!graph || !stream) {
    return INVALID_HANDLE;
  }
  for (Operation& operation : graph->operations) {
    int code = push(stream, operation);
    if (code) {
      return code;
    }
  }
  return SUCCESS;
}

API cuGraphExecDestroy(void* executable) {
  Call call("cuGraphExecDestroy", Call::CONTEXT);
  return destroy(call, executable, Kind::GRAPH, "graph");
}

API cuGraphDestroy(void* graph) {
  Call call("cuGraphDestroy", Call::CONTEXT);
  return destroy(call, graph, Kind::CAPTURED, "captured graph");
}
