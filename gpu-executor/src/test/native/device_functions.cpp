// device_functions.cpp - device functions that tests call for more values than they would launch a
// kernel for, for the Java class DeviceFunctions. An address is that of memory of the host.
#include "noise.cuh"

#define FUNCTION(name)                                  \
  extern "C" __attribute__((visibility("default"))) void \
      Java_dev_weft_gpuexecutor_DeviceFunctions_##name

typedef void* Env;
typedef void* Class;

FUNCTION(gumbels)(Env, Class, long long target, int firstWord, int step, int count) {
  for (int i = 0; i < count; i++) {
    ((float*)target)[i] = gumbel((unsigned)firstWord + (unsigned)i * step);
  }
}

FUNCTION(exponentials)(Env, Class, long long target, int firstBits, int step, int count) {
  for (int i = 0; i < count; i++) {
    unsigned bits = (unsigned)firstBits + (unsigned)i * step;
    ((float*)target)[i] = exp_exact(__int_as_float((int)bits));
  }
}

FUNCTION(philoxWords)(Env, Class, long long target, long long key, int c0, int c1, int c2, int c3) {
  *(uint4*)target = philox((unsigned)key, (unsigned)(key >> 32), c0, c1, c2, c3);
}
