// stand_in_driver.cpp - a stand-in for libcuda.so.1, for tests on machines without a GPU.
//
// Unmodified JCuda natives load this library in place of NVIDIA's, and the same Java code runs
// against it. Device memory is host memory, kernels are the real sources compiled for the CPU
// (emu.h), streams are queues (stand_in_streams.cpp). Tests set its switches through JNI
// (stand_in_control.cpp).
//
// As strict as a driver, or stricter: a handle that was destroyed, a copy beyond an allocation, a
// thread without a context, arguments that do not fit the PTX, too many threads or too much shared
// memory, a call that a capture forbids are refused, and what is refused here is also said in words
// for the test. As on a GPU, an error of a kernel shows up at a later call and then at every call; a
// copy from pinned memory reads its source when it runs.
//
// Limits: the limits of emu.cpp; one device; one lock; no default stream; graphs by capture of one
// stream. Only the functions that our driver seam calls are here. JCuda's natives name many more,
// but bind each when it is first called; calling one that is missing ends the process, naming it.
#include <pthread.h>
#include <stdio.h>

#include "stand_in.h"

using namespace stand_in;

#define API extern "C" __attribute__((visibility("default"))) int

// Takes the lock and leaves the function when the call is to fail.
#define CALL(name, needs)              \
  Call call(name, Call::needs);        \
  if (call.code() != SUCCESS) {        \
    return call.code();                \
  }

typedef unsigned long long devptr;

namespace stand_in {

State state;
std::recursive_mutex mutex;
std::condition_variable_any changed;
thread_local int boundGeneration;

namespace {

constexpr uintptr_t FIRST_HANDLE = 0x51000000;
constexpr size_t DEFAULT_SHARED_BYTES = 48 * 1024;

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

const void* this_thread() {
  static thread_local char own;
  return &own;
}

bool is_capturing() {
  for (Stream* stream : state.streams) {
    if (stream->capture && stream->capturingThread == this_thread()) {
      return true;
    }
  }
  return false;
}

int complain_and(int code, const std::string& text) {
  emu::complain(text);
  return code;
}

}  // namespace

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

}  // namespace stand_in

namespace {

Stream* stream_of(void* handle) { return (Stream*)find(handle, Kind::STREAM, "stream"); }

Event* event_of(void* handle) { return (Event*)find(handle, Kind::EVENT, "event"); }

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

int check_range(const char* call, const void* address, size_t bytes, Place place) {
  if (is_inside(address, bytes, place)) {
    return SUCCESS;
  }
  char text[200];
  snprintf(text, sizeof text, "%s: %zu bytes at %p are not inside %s memory", call, bytes, address,
           place == Place::DEVICE ? "device" : "pinned");
  return complain_and(INVALID_VALUE, text);
}

int push_copy(const char* call, void* to, Place toPlace, const void* from, Place fromPlace,
              size_t bytes, void* stream) {
  int code = check_range(call, to, bytes, toPlace);
  if (!code) {
    code = check_range(call, from, bytes, fromPlace);
  }
  return code ? code : push_run(stream, call, [=] {
    emu::touch(from, bytes, emu::Access::READ);
    emu::touch(to, bytes, emu::Access::WRITE);
    memmove(to, from, bytes);
  });
}

}  // namespace

// ---- initialisation, device, context -----------------------------------------------------------

API cuInit(unsigned) {
  CALL("cuInit", NOTHING);
  return SUCCESS;
}

API cuDriverGetVersion(int* version) {
  CALL("cuDriverGetVersion", NOTHING);
  *version = state.switches.version;
  return SUCCESS;
}

API cuDeviceGetCount(int* count) {
  CALL("cuDeviceGetCount", NOTHING);
  *count = state.switches.numDevices;
  return SUCCESS;
}

API cuDeviceGet(int* device, int ordinal) {
  CALL("cuDeviceGet", NOTHING);
  if (ordinal < 0 || ordinal >= state.switches.numDevices) {
    return INVALID_DEVICE;
  }
  *device = ordinal;
  return SUCCESS;
}

API cuDeviceGetName(char* name, int length, int) {
  CALL("cuDeviceGetName", NOTHING);
  snprintf(name, length, "stand-in");
  return SUCCESS;
}

API cuDeviceTotalMem_v2(size_t* bytes, int) {
  CALL("cuDeviceTotalMem", NOTHING);
  *bytes = state.switches.memoryBytes;
  return SUCCESS;
}

API cuDeviceGetAttribute(int* value, int attribute, int) {
  CALL("cuDeviceGetAttribute", NOTHING);
  switch (attribute) {
    case 16:
      *value = state.switches.multiprocessors;
      return SUCCESS;
    case 75:
      *value = state.switches.major;
      return SUCCESS;
    case 76:
      *value = state.switches.minor;
      return SUCCESS;
    default:
      return complain_and(INVALID_VALUE,
                          "device attribute " + std::to_string(attribute) + " is not known");
  }
}

API cuDevicePrimaryCtxRetain(void** context, int) {
  CALL("cuDevicePrimaryCtxRetain", NOTHING);
  state.contextRetains++;
  *context = (void*)(uintptr_t)state.contextGeneration;
  return SUCCESS;
}

API cuDevicePrimaryCtxRelease_v2(int) {
  Call call("cuDevicePrimaryCtxRelease", Call::NOTHING);
  if (!state.contextRetains) {
    return complain_and(INVALID_CONTEXT, "the primary context is released more than retained");
  }
  if (--state.contextRetains == 0) {
    state.contextGeneration++;
  }
  return call.code();
}

API cuCtxSetCurrent(void* context) {
  CALL("cuCtxSetCurrent", NOTHING);
  if (context && (int)(uintptr_t)context != state.contextGeneration) {
    return complain_and(INVALID_CONTEXT, "cuCtxSetCurrent: that context was released");
  }
  boundGeneration = (int)(uintptr_t)context;
  return SUCCESS;
}

API cuCtxSynchronize() {
  CALL("cuCtxSynchronize", NO_CAPTURE);
  int code = run_until(call, nullptr, all_idle);
  for (Stream* stream : state.streams) {
    join(state.host, stream->clock);
  }
  return code;
}

API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  CALL("cuCtxGetStreamPriorityRange", CONTEXT);
  *least = 0;
  *greatest = -5;
  return SUCCESS;
}

// Of no use to a test but to make a message; it never fails.
API cuGetErrorName(int code, const char** name) {
  static const std::map<int, const char*> names = {
      {0, "CUDA_SUCCESS"},
      {1, "CUDA_ERROR_INVALID_VALUE"},
      {2, "CUDA_ERROR_OUT_OF_MEMORY"},
      {4, "CUDA_ERROR_DEINITIALIZED"},
      {34, "CUDA_ERROR_STUB_LIBRARY"},
      {36, "CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER"},
      {46, "CUDA_ERROR_DEVICE_UNAVAILABLE"},
      {100, "CUDA_ERROR_NO_DEVICE"},
      {101, "CUDA_ERROR_INVALID_DEVICE"},
      {200, "CUDA_ERROR_INVALID_IMAGE"},
      {201, "CUDA_ERROR_INVALID_CONTEXT"},
      {209, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
      {214, "CUDA_ERROR_ECC_UNCORRECTABLE"},
      {218, "CUDA_ERROR_INVALID_PTX"},
      {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"},
      {400, "CUDA_ERROR_INVALID_HANDLE"},
      {500, "CUDA_ERROR_NOT_FOUND"},
      {600, "CUDA_ERROR_NOT_READY"},
      {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
      {702, "CUDA_ERROR_LAUNCH_TIMEOUT"},
      {710, "CUDA_ERROR_ASSERT"},
      {719, "CUDA_ERROR_LAUNCH_FAILED"},
      {801, "CUDA_ERROR_NOT_SUPPORTED"},
      {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"},
      {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
      {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"},
      {908, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD"},
  };
  auto known = names.find(code);
  *name = known == names.end() ? nullptr : known->second;
  return known == names.end() ? INVALID_VALUE : SUCCESS;
}

// ---- memory ------------------------------------------------------------------------------------

API cuMemGetInfo_v2(size_t* free, size_t* total) {
  CALL("cuMemGetInfo", CONTEXT);
  *free = state.switches.memoryBytes - std::min(state.usedBytes, state.switches.memoryBytes);
  *total = state.switches.memoryBytes;
  return SUCCESS;
}

API cuMemAlloc_v2(devptr* address, size_t bytes) {
  CALL("cuMemAlloc", NO_CAPTURE);
  if (!bytes) {
    return complain_and(INVALID_VALUE, "cuMemAlloc of 0 bytes");
  }
  if (state.usedBytes + bytes > state.switches.memoryBytes) {
    return OUT_OF_MEMORY;
  }
  emu::Allocation* allocation = allocate(bytes, Place::DEVICE);
  if (!allocation) {
    return complain_and(OUT_OF_MEMORY, "the stand-in has used up its addresses");
  }
  state.usedBytes += bytes;
  *address = (devptr)allocation->begin;
  return SUCCESS;
}

// A device frees memory when all that it was given is done.
static int free_memory(const char* name, void* address, Place place) {
  Call call(name, Call::NO_CAPTURE);
  emu::Allocation* allocation = allocation_beginning_at(address, place);
  if (call.code() != SUCCESS) {
    if (allocation) {
      forgive_allocation(allocation);
    }
    return call.code();
  }
  if (!allocation) {
    return complain_and(INVALID_VALUE, std::string(name) + " of what was not allocated, or twice");
  }
  int code = run_until(call, nullptr, all_idle);
  if (code) {
    forgive_allocation(allocation);
    return code;
  }
  state.usedBytes -= place == Place::DEVICE ? allocation->bytes : 0;
  free_allocation(allocation);
  return SUCCESS;
}

API cuMemFree_v2(devptr address) { return free_memory("cuMemFree", (void*)address, Place::DEVICE); }

API cuMemHostAlloc(void** address, size_t bytes, unsigned flags) {
  CALL("cuMemHostAlloc", NO_CAPTURE);
  if (!bytes || flags) {
    return complain_and(INVALID_VALUE, "cuMemHostAlloc of 0 bytes, or with flags");
  }
  emu::Allocation* allocation = allocate(bytes, Place::PINNED);
  if (!allocation) {
    return complain_and(OUT_OF_MEMORY, "the stand-in has used up its addresses");
  }
  *address = allocation->begin;
  return SUCCESS;
}

API cuMemFreeHost(void* address) { return free_memory("cuMemFreeHost", address, Place::PINNED); }

API cuMemHostGetDevicePointer_v2(devptr* device, void* host, unsigned) {
  CALL("cuMemHostGetDevicePointer", CONTEXT);
  if (!is_inside(host, 1, Place::PINNED)) {
    return complain_and(INVALID_VALUE, "cuMemHostGetDevicePointer of memory that is not pinned");
  }
  *device = (devptr)host;
  return SUCCESS;
}

API cuMemcpyHtoDAsync_v2(devptr to, const void* from, size_t bytes, void* stream) {
  CALL("cuMemcpyHtoDAsync", CONTEXT);
  return push_copy("cuMemcpyHtoDAsync", (void*)to, Place::DEVICE, from, Place::PINNED, bytes,
                   stream);
}

API cuMemcpyDtoHAsync_v2(void* to, devptr from, size_t bytes, void* stream) {
  CALL("cuMemcpyDtoHAsync", CONTEXT);
  return push_copy("cuMemcpyDtoHAsync", to, Place::PINNED, (void*)from, Place::DEVICE, bytes,
                   stream);
}

API cuMemcpyDtoDAsync_v2(devptr to, devptr from, size_t bytes, void* stream) {
  CALL("cuMemcpyDtoDAsync", CONTEXT);
  return push_copy("cuMemcpyDtoDAsync", (void*)to, Place::DEVICE, (void*)from, Place::DEVICE,
                   bytes, stream);
}

API cuMemsetD8Async(devptr to, unsigned char value, size_t bytes, void* stream) {
  CALL("cuMemsetD8Async", CONTEXT);
  int code = check_range("cuMemsetD8Async", (void*)to, bytes, Place::DEVICE);
  return code ? code : push_run(stream, "cuMemsetD8Async", [=] {
    emu::touch((void*)to, bytes, emu::Access::WRITE);
    memset((void*)to, value, bytes);
  });
}

// ---- streams and events ------------------------------------------------------------------------

API cuStreamCreateWithPriority(void** handle, unsigned flags, int priority) {
  CALL("cuStreamCreate", NO_CAPTURE);
  if (flags != 1 || priority < -5 || priority > 0) {
    return complain_and(INVALID_VALUE, "a stream that waits for the default stream, or of a "
                                       "priority that there is not");
  }
  Stream* stream = new Stream;
  *handle = add(stream, Kind::STREAM, "stream");
  stream->index = state.streams.size() + 1;
  state.streams.push_back(stream);
  return SUCCESS;
}

API cuStreamCreate(void** handle, unsigned flags) {
  return cuStreamCreateWithPriority(handle, flags, 0);
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

API cuEventRecord(void* handle, void* streamHandle) {
  CALL("cuEventRecord", CONTEXT);
  Event* event = event_of(handle);
  Stream* stream = stream_of(streamHandle);
  if (!event || !stream) {
    return INVALID_HANDLE;
  }
  if (stream->capture) {
    break_captures();
    return complain_and(CAPTURE_UNSUPPORTED, "the stand-in captures no events");
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
  if (!event || !stream) {
    return INVALID_HANDLE;
  }
  if (stream->capture) {
    break_captures();
    return complain_and(CAPTURE_UNSUPPORTED, "the stand-in captures no events");
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
