// stand-in.cpp - a stand-in for libcuda.so.1, for tests on machines with no GPU.
//
// What it shows: unmodified JCuda natives load this library in place of NVIDIA's and the same Java
// code runs against it. Device memory is host memory, kernels are the real .cu sources compiled for
// the CPU (emu.h), streams are queues. The driver calls that are not here are generated as stubs
// that return 801 (not supported), because a missing symbol would end the JVM.
//
// As on a GPU, a copy from pinned memory reads its source when it runs (so lazy mode exposes
// staging memory that is reused too early) and a copy from pageable memory reads it during the
// call. Every allocation ends less than 256 bytes before a guard page. cuModuleGetFunction compares
// the parameter list of the PTX entry with that of the C++ kernel linked here.
//
// Limits: the limits of emu.h; one device; one lock; cuGraph* by stream capture only.
#include <sys/mman.h>
#include <unistd.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "kernels.cu"

#define API extern "C" __attribute__((visibility("default"))) int

typedef unsigned long long devptr;
typedef void (*KernelLauncher)(dim3 grid, dim3 block, size_t shared, uint64_t seed, void** params);

enum Result {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  LAUNCH_FAILED = 719,
  CAPTURE_UNSUPPORTED = 900,
  CAPTURE_INVALIDATED = 901,
};

enum Mode { EAGER, LAZY, RANDOM };

struct Event {
  uint64_t recorded = 0;
  uint64_t done = 0;
};

struct Op {
  std::function<void()> run;
  Event* waitEvent = nullptr;
  uint64_t waitValue = 0;
};

struct Graph {
  std::vector<Op> ops;
};

struct Stream {
  std::deque<Op> queue;
  Graph* capture = nullptr;
};

struct Function {
  std::string name;
  KernelLauncher launch;
  std::vector<size_t> paramSizes;
};

struct Module {
  std::string image;
};

// ---- state -------------------------------------------------------------------------------------

static const size_t PAGE = 4096;

static std::recursive_mutex mutex;
static std::map<devptr, size_t> deviceMemory;
static std::map<char*, size_t> pinnedMemory;
static std::vector<Stream*> streams;
static Stream defaultStream;
static size_t usedBytes = 0;
static size_t totalBytes = (size_t)1 << 30;
static Mode mode = EAGER;
static uint64_t randomState = 1;
static size_t failAt = ~(size_t)0;
static int failCode = ILLEGAL_ADDRESS;
static size_t numKernelsRun = 0;
static uint64_t scheduleSeed = 0;
static int numMultiprocessors = 132;
static int stickyError = SUCCESS;

#define LOCK                                            \
  std::lock_guard<std::recursive_mutex> guard(mutex);   \
  if (stickyError) {                                    \
    return stickyError;                                 \
  }

static uint64_t random_number() { return emu::next_random(randomState); }

// ---- kernels -----------------------------------------------------------------------------------

static std::map<std::string, Function>& kernels() {
  static std::map<std::string, Function> registry;
  return registry;
}

template <class F>
static int register_kernel(const char* name, F kernel, KernelLauncher launcher) {
  kernels()[name] = {name, launcher, emu::param_sizes(kernel)};
  return 0;
}

#define REGISTER(k)                                                                         \
  static int registered_##k = register_kernel(                                              \
      #k, k, [](dim3 grid, dim3 block, size_t shared, uint64_t seed, void** params) {       \
        emu::launch_params(k, grid, block, shared, seed, params);                           \
      });

#define KERNEL(name) REGISTER(name)
#include "kernel_registry.h"

// The parameter sizes of an entry, read from the PTX text; empty when there is no such entry.
static std::vector<size_t> ptx_param_sizes(const std::string& image, const std::string& name) {
  std::vector<size_t> sizes;
  size_t start = image.find(".entry " + name + "(");
  if (start == std::string::npos) {
    return sizes;
  }
  std::string list = image.substr(start, image.find(')', start) - start);
  for (size_t i = 0; (i = list.find(".param ", i)) != std::string::npos; i += 7) {
    std::string type = list.substr(i + 7, 4);
    sizes.push_back(type == ".u64" || type == ".s64" || type == ".b64" ? 8 : 4);
  }
  return sizes;
}

// ---- streams -----------------------------------------------------------------------------------

static Stream* stream_of(void* handle) {
  return (uintptr_t)handle > 2 ? (Stream*)handle : &defaultStream;
}

// Runs the oldest operation of the stream, unless there is none or it waits for an event.
static bool step(Stream* stream) {
  if (stream->queue.empty()) {
    return false;
  }
  Op& first = stream->queue.front();
  if (first.waitEvent && first.waitEvent->done < first.waitValue) {
    return false;
  }
  Op op = std::move(first);
  stream->queue.pop_front();
  if (op.run) {
    op.run();
  }
  return true;
}

static bool step_any() {
  std::vector<Stream*> all(streams);
  all.push_back(&defaultStream);
  size_t n = all.size();
  size_t first = mode == RANDOM ? random_number() % n : 0;
  for (size_t i = 0; i < n; i++) {
    if (step(all[(i + first) % n])) {
      return true;
    }
  }
  return false;
}

static int run_until(std::function<bool()> condition) {
  while (!condition()) {
    if (!step_any()) {
      fprintf(stderr, "stand-in: streams deadlocked\n");
      return stickyError = LAUNCH_FAILED;
    }
    if (stickyError) {
      return stickyError;
    }
  }
  return SUCCESS;
}

static bool all_idle() {
  for (Stream* stream : streams) {
    if (!stream->queue.empty()) {
      return false;
    }
  }
  return defaultStream.queue.empty();
}

// Queues an operation, or adds it to the graph that the stream captures, then runs what the mode
// wants to run now.
static int push(void* handle, Op op) {
  Stream* stream = stream_of(handle);
  if (stream->capture) {
    stream->capture->ops.push_back(op);
    return SUCCESS;
  }
  stream->queue.push_back(std::move(op));
  if (mode == EAGER) {
    while (step_any()) {
    }
  }
  if (mode == RANDOM) {
    while (random_number() % 3 == 0 && step_any()) {
    }
  }
  return stickyError;
}

static int push_run(void* handle, std::function<void()> run) {
  Op op;
  op.run = std::move(run);
  return push(handle, std::move(op));
}

// ---- memory ------------------------------------------------------------------------------------

template <class Key>
static bool inside(const std::map<Key, size_t>& ranges, Key start, size_t bytes) {
  auto it = ranges.upper_bound(start);
  if (it == ranges.begin()) {
    return false;
  }
  --it;
  return start + bytes <= it->first + it->second;
}

static bool is_pinned(const void* p, size_t bytes) { return inside(pinnedMemory, (char*)p, bytes); }

static bool is_device(devptr p, size_t bytes) { return inside(deviceMemory, p, bytes); }

static size_t whole_pages(size_t bytes) { return (bytes + PAGE - 1) / PAGE * PAGE; }

static char* map_memory(size_t bytes) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  return (char*)mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
}

static int copy_to_device(devptr target, const void* source, size_t bytes, void* stream) {
  if (!is_device(target, bytes)) {
    return INVALID_VALUE;
  }
  if (is_pinned(source, bytes)) {
    return push_run(stream, [=] { memcpy((void*)target, source, bytes); });
  }
  auto copy = std::make_shared<std::string>((const char*)source, bytes);
  return push_run(stream, [=] { memcpy((void*)target, copy->data(), bytes); });
}

// ---- driver API: initialisation and device -----------------------------------------------------

API cuInit(unsigned) { return SUCCESS; }

API cuDriverGetVersion(int* version) {
  *version = 13000;
  return SUCCESS;
}

API cuDeviceGetCount(int* count) {
  *count = 1;
  return SUCCESS;
}

API cuDeviceGet(int* device, int ordinal) {
  if (ordinal) {
    return INVALID_DEVICE;
  }
  *device = 0;
  return SUCCESS;
}

API cuDeviceGetName(char* name, int length, int) {
  snprintf(name, length, "stand-in");
  return SUCCESS;
}

API cuDeviceGetAttribute(int* value, int attribute, int) {
  switch (attribute) {
    case 10:  // warp size
      *value = 32;
      break;
    case 16:  // multiprocessors
      *value = numMultiprocessors;
      break;
    case 75:  // compute capability, major
      *value = 9;
      break;
    default:
      *value = 0;
  }
  return SUCCESS;
}

API cuDeviceTotalMem_v2(size_t* bytes, int) {
  *bytes = totalBytes;
  return SUCCESS;
}

API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = -5;
  return SUCCESS;
}

API cuDevicePrimaryCtxRetain(void** context, int) {
  *context = (void*)0x1;
  return SUCCESS;
}

API cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }

API cuCtxSetCurrent(void*) { return SUCCESS; }

API cuCtxSynchronize() {
  LOCK;
  return run_until(all_idle);
}

API cuGetErrorName(int error, const char** name) {
  switch (error) {
    case SUCCESS:
      *name = "CUDA_SUCCESS";
      break;
    case OUT_OF_MEMORY:
      *name = "CUDA_ERROR_OUT_OF_MEMORY";
      break;
    case NOT_READY:
      *name = "CUDA_ERROR_NOT_READY";
      break;
    case ILLEGAL_ADDRESS:
      *name = "CUDA_ERROR_ILLEGAL_ADDRESS";
      break;
    default:
      *name = "CUDA_ERROR";
  }
  return SUCCESS;
}

API cuGetErrorString(int error, const char** text) { return cuGetErrorName(error, text); }

// ---- driver API: memory ------------------------------------------------------------------------

API cuMemGetInfo_v2(size_t* free, size_t* total) {
  LOCK;
  *free = totalBytes - usedBytes;
  *total = totalBytes;
  return SUCCESS;
}

API cuMemAlloc_v2(devptr* p, size_t bytes) {
  LOCK;
  if (usedBytes + bytes > totalBytes) {
    return OUT_OF_MEMORY;
  }
  size_t mapped = whole_pages(bytes);
  char* memory = map_memory(mapped + PAGE);
  mprotect(memory + mapped, PAGE, PROT_NONE);
  memset(memory, 0x5A, mapped);
  size_t shift = (mapped - bytes) & ~(size_t)255;
  *p = (devptr)(memory + shift);
  deviceMemory[*p] = bytes;
  usedBytes += bytes;
  return SUCCESS;
}

API cuMemFree_v2(devptr p) {
  LOCK;
  auto it = deviceMemory.find(p);
  if (it == deviceMemory.end()) {
    return INVALID_VALUE;
  }
  if (run_until(all_idle)) {
    return stickyError;
  }
  usedBytes -= it->second;
  munmap((char*)(p & ~(devptr)(PAGE - 1)), whole_pages(it->second) + PAGE);
  deviceMemory.erase(it);
  return SUCCESS;
}

API cuMemHostAlloc(void** p, size_t bytes, unsigned) {
  LOCK;
  char* memory = map_memory(bytes);
  pinnedMemory[memory] = bytes;
  *p = memory;
  return SUCCESS;
}

API cuMemAllocHost_v2(void** p, size_t bytes) { return cuMemHostAlloc(p, bytes, 0); }

API cuMemFreeHost(void* p) {
  LOCK;
  auto it = pinnedMemory.find((char*)p);
  if (it == pinnedMemory.end()) {
    return INVALID_VALUE;
  }
  munmap(p, it->second);
  pinnedMemory.erase(it);
  return SUCCESS;
}

API cuMemHostGetDevicePointer_v2(devptr* device, void* host, unsigned) {
  *device = (devptr)host;
  return SUCCESS;
}

API cuStreamSynchronize(void* handle) {
  LOCK;
  Stream* stream = stream_of(handle);
  return run_until([=] { return stream->queue.empty(); });
}

API cuMemcpyHtoDAsync_v2(devptr target, const void* source, size_t bytes, void* stream) {
  LOCK;
  return copy_to_device(target, source, bytes, stream);
}

API cuMemcpyHtoD_v2(devptr target, const void* source, size_t bytes) {
  LOCK;
  int result = copy_to_device(target, source, bytes, nullptr);
  return result ? result : cuStreamSynchronize(nullptr);
}

API cuMemcpyDtoHAsync_v2(void* target, devptr source, size_t bytes, void* stream) {
  LOCK;
  if (!is_device(source, bytes)) {
    return INVALID_VALUE;
  }
  int result = push_run(stream, [=] { memcpy(target, (void*)source, bytes); });
  if (!result && !is_pinned(target, bytes)) {
    result = cuStreamSynchronize(stream);
  }
  return result;
}

API cuMemcpyDtoH_v2(void* target, devptr source, size_t bytes) {
  LOCK;
  int result = cuMemcpyDtoHAsync_v2(target, source, bytes, nullptr);
  return result ? result : cuStreamSynchronize(nullptr);
}

API cuMemcpyDtoDAsync_v2(devptr target, devptr source, size_t bytes, void* stream) {
  LOCK;
  if (!is_device(source, bytes) || !is_device(target, bytes)) {
    return INVALID_VALUE;
  }
  return push_run(stream, [=] { memmove((void*)target, (void*)source, bytes); });
}

API cuMemsetD8Async(devptr target, unsigned char value, size_t bytes, void* stream) {
  LOCK;
  if (!is_device(target, bytes)) {
    return INVALID_VALUE;
  }
  return push_run(stream, [=] { memset((void*)target, value, bytes); });
}

// ---- driver API: streams and events ------------------------------------------------------------

API cuStreamCreate(void** handle, unsigned) {
  LOCK;
  Stream* stream = new Stream;
  streams.push_back(stream);
  *handle = stream;
  return SUCCESS;
}

API cuStreamCreateWithPriority(void** handle, unsigned flags, int) {
  return cuStreamCreate(handle, flags);
}

API cuStreamDestroy_v2(void* handle) {
  LOCK;
  for (size_t i = 0; i < streams.size(); i++) {
    if (streams[i] == handle) {
      run_until([&] { return ((Stream*)handle)->queue.empty(); });
      streams.erase(streams.begin() + i);
      delete (Stream*)handle;
      return stickyError;
    }
  }
  return INVALID_HANDLE;
}

API cuStreamQuery(void* handle) {
  LOCK;
  if (mode != EAGER) {
    step_any();
  }
  return stream_of(handle)->queue.empty() ? SUCCESS : NOT_READY;
}

// For the stand-in of cuBLAS, whose work takes its turn by it.
API cuLaunchHostFunc(void* stream, void (*function)(void*), void* data) {
  LOCK;
  return push_run(stream, [=] { function(data); });
}

API cuEventCreate(void** handle, unsigned) {
  *handle = new Event;
  return SUCCESS;
}

API cuEventDestroy_v2(void* handle) {
  LOCK;
  Event* event = (Event*)handle;
  run_until([=] { return event->done >= event->recorded; });
  delete event;
  return SUCCESS;
}

API cuEventRecord(void* handle, void* stream) {
  LOCK;
  Event* event = (Event*)handle;
  uint64_t value = ++event->recorded;
  return push_run(stream, [=] { event->done = value; });
}

API cuStreamWaitEvent(void* stream, void* handle, unsigned) {
  LOCK;
  Op op;
  op.waitEvent = (Event*)handle;
  op.waitValue = op.waitEvent->recorded;
  return push(stream, op);
}

API cuEventQuery(void* handle) {
  LOCK;
  Event* event = (Event*)handle;
  if (event->done < event->recorded) {
    step_any();
  }
  if (stickyError) {
    return stickyError;
  }
  return event->done < event->recorded ? NOT_READY : SUCCESS;
}

API cuEventSynchronize(void* handle) {
  LOCK;
  Event* event = (Event*)handle;
  return run_until([=] { return event->done >= event->recorded; });
}

// ---- driver API: modules, launches, graphs -----------------------------------------------------

API cuModuleLoadData(void** handle, const void* image) {
  LOCK;
  Module* module = new Module{(const char*)image};
  if (module->image.find(".version") == std::string::npos) {
    delete module;
    return INVALID_IMAGE;
  }
  *handle = module;
  return SUCCESS;
}

API cuModuleLoadDataEx(void** handle, const void* image, unsigned, void*, void*) {
  return cuModuleLoadData(handle, image);
}

API cuModuleUnload(void* handle) {
  delete (Module*)handle;
  return SUCCESS;
}

API cuModuleGetFunction(void** handle, void* module, const char* name) {
  LOCK;
  auto it = kernels().find(name);
  std::vector<size_t> sizes = ptx_param_sizes(((Module*)module)->image, name);
  if (it == kernels().end() || sizes.empty()) {
    return NOT_FOUND;
  }
  if (sizes != it->second.paramSizes) {
    fprintf(stderr, "stand-in: %s: PTX parameters differ from the CPU build\n", name);
    return NOT_FOUND;
  }
  *handle = &it->second;
  return SUCCESS;
}

API cuFuncSetAttribute(void*, int, int) { return SUCCESS; }

static bool bad_shape(dim3 grid, dim3 block) {
  return !grid.x || !grid.y || !grid.z || grid.y > 65535 || grid.z > 65535 || !block.x ||
         block.x * block.y * block.z > 1024;
}

// The parameter values are read during the call, as CUDA does.
API cuLaunchKernel(void* handle, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                   unsigned blockY, unsigned blockZ, unsigned sharedBytes, void* stream,
                   void** params, void**) {
  LOCK;
  Function* function = (Function*)handle;
  dim3 grid(gridX, gridY, gridZ);
  dim3 block(blockX, blockY, blockZ);
  if (bad_shape(grid, block)) {
    return INVALID_VALUE;
  }
  auto values = std::make_shared<std::string>();
  std::vector<size_t> offsets;
  for (size_t i = 0; i < function->paramSizes.size(); i++) {
    values->resize((values->size() + 7) / 8 * 8);
    offsets.push_back(values->size());
    values->append((char*)params[i], function->paramSizes[i]);
  }
  return push_run(stream, [=] {
    if (++numKernelsRun >= failAt) {
      stickyError = failCode;
      return;
    }
    std::vector<void*> pointers;
    for (size_t offset : offsets) {
      pointers.push_back(&(*values)[offset]);
    }
    uint64_t seed = scheduleSeed;
    function->launch(grid, block, sharedBytes, seed, pointers.data());
  });
}

API cuStreamBeginCapture_v2(void* handle, int) {
  LOCK;
  Stream* stream = stream_of(handle);
  if (stream->capture || stream == &defaultStream) {
    return CAPTURE_UNSUPPORTED;
  }
  stream->capture = new Graph;
  return SUCCESS;
}

API cuStreamEndCapture(void* handle, void** graph) {
  LOCK;
  Stream* stream = stream_of(handle);
  if (!stream->capture) {
    return CAPTURE_INVALIDATED;
  }
  *graph = stream->capture;
  stream->capture = nullptr;
  return SUCCESS;
}

API cuGraphInstantiateWithFlags(void** executable, void* graph, unsigned long long) {
  *executable = new Graph(*(Graph*)graph);
  return SUCCESS;
}

API cuGraphUpload(void*, void*) { return SUCCESS; }

API cuGraphLaunch(void* executable, void* stream) {
  LOCK;
  for (Op& op : ((Graph*)executable)->ops) {
    int result = push(stream, op);
    if (result) {
      return result;
    }
  }
  return SUCCESS;
}

API cuGraphExecDestroy(void* executable) {
  LOCK;
  delete (Graph*)executable;
  return SUCCESS;
}

API cuGraphDestroy(void* graph) {
  delete (Graph*)graph;
  return SUCCESS;
}

// ---- control from Java (class StandIn). Primitives only, so no header of the JDK is needed. -------

#define CONTROL(type, name) \
  extern "C" __attribute__((visibility("default"))) type Java_dev_weft_gpuexecutor_StandIn_##name

CONTROL(void, setOrder)(void*, void*, int order, long long seed) {
  mode = (Mode)order;
  randomState = seed * 2654435761u + 1;
}

CONTROL(void, setSchedule)(void*, void*, long long seed) { scheduleSeed = seed; }

CONTROL(void, setMemory)(void*, void*, long long bytes) { totalBytes = bytes; }

CONTROL(void, setMultiprocessors)(void*, void*, int count) { numMultiprocessors = count; }

CONTROL(void, setFailingKernel)(void*, void*, long long n, int code) {
  failAt = n;
  failCode = code;
  numKernelsRun = 0;
}

CONTROL(void, clear)(void*, void*) {
  stickyError = SUCCESS;
  mode = EAGER;
  scheduleSeed = 0;
  failAt = ~(size_t)0;
  totalBytes = (size_t)1 << 30;
  numMultiprocessors = 132;
  defaultStream.queue.clear();
}
