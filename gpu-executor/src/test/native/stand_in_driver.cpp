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
// for the test. As on a GPU, an error of a kernel shows up at a later call and then at every call;
// a copy from pinned memory reads its source when it runs.
//
// Limits: the limits of emu.cpp; one device; one lock; no default stream; graphs by capture of one
// stream. Only the functions that our driver seam calls are here. JCuda's natives name many more,
// but bind each when it is first called; calling one that is missing ends the process, naming it.
//
// Here are the device, its context and its memory; stand_in_work.cpp has the rest.
#include <stdio.h>

#include <algorithm>

#include "stand_in_calls.h"

using namespace stand_in;

namespace {

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

API cuDeviceGetAttribute(int* value, int attribute, int device) {
  CALL("cuDeviceGetAttribute", NOTHING);
  bool isOld = device < state.switches.numOldDevices;
  switch (attribute) {
    case 16:
      *value = state.switches.multiprocessors;
      return SUCCESS;
    case 75:
      *value = isOld ? 7 : state.switches.major;
      return SUCCESS;
    case 76:
      *value = isOld ? 5 : state.switches.minor;
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
      {802, "CUDA_ERROR_SYSTEM_NOT_READY"},
      {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"},
      {804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE"},
      {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
      {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"},
      {908, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD"},
      {999, "CUDA_ERROR_UNKNOWN"},
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
