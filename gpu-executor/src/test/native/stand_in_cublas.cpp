// stand_in_cublas.cpp - a stand-in for libcublas.so, for tests on machines with no GPU.
//
// Idea: the functions that ForeignCublas calls, with all of their arguments checked, computing on
// the memory of the host, where the stand-in driver keeps the device's. A product is queued in its
// stream by the driver's own cuLaunchHostFunc, so it runs when the stream's order says and is
// captured into graphs; where no stand-in driver is loaded it runs at once.
//
// It insists on the order of set-up: a product without stream, workspace and mode is refused, and
// setting the stream takes the workspace away, as NVIDIA's library does.
//
// Cost: three loops. MAJOR_VERSION is what it says of itself.
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#ifndef MAJOR_VERSION
#define MAJOR_VERSION 13
#endif

#define API extern "C" __attribute__((visibility("default"))) int

enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };
enum Operation { OP_N = 0, OP_T = 1 };
enum { R_16BF = 14, COMPUTE_32F = 68, ALGO_DEFAULT = -1, UNSET = -1 };

struct Handle {
  void* stream = (void*)UNSET;
  void* workspace = nullptr;
  int mathMode = UNSET;
};

struct Product {
  int m, n, k;
  const uint16_t* a;
  const uint16_t* b;
  uint16_t* c;
  int ldA, ldB, ldC;
  float alpha, beta;
};

static Handle* theHandle;

static float to_float(uint16_t value) {
  uint32_t bits = (uint32_t)value << 16;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

static uint16_t to_bf16(float f) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  bits += 0x7fff + ((bits >> 16) & 1);
  return bits >> 16;
}

// Columns of C one after another: C[n][m] = alpha * B[n][k] * A[m][k] + beta * C[n][m].
static void multiply(void* data) {
  Product* p = (Product*)data;
  for (int j = 0; j < p->n; j++) {
    for (int i = 0; i < p->m; i++) {
      float sum = 0;
      for (int l = 0; l < p->k; l++) {
        sum += to_float(p->a[(size_t)i * p->ldA + l]) * to_float(p->b[(size_t)j * p->ldB + l]);
      }
      uint16_t* out = &p->c[(size_t)j * p->ldC + i];
      // As in BLAS, a beta of 0 does not read C, which may hold anything.
      *out = to_bf16(p->alpha * sum + (p->beta == 0 ? 0 : p->beta * to_float(*out)));
    }
  }
}

API cublasGetProperty(int kind, int* value) {
  if (kind < 0 || kind > 2) {
    return INVALID_VALUE;
  }
  *value = kind == 0 ? MAJOR_VERSION : kind;
  return SUCCESS;
}

API cublasCreate_v2(Handle** handle) {
  if (theHandle) {
    return NOT_SUPPORTED;  // Somebody has forgotten to destroy one.
  }
  *handle = theHandle = new Handle;
  return SUCCESS;
}

API cublasDestroy_v2(Handle* handle) {
  if (!handle || handle != theHandle) {
    return NOT_INITIALIZED;
  }
  delete theHandle;
  theHandle = nullptr;
  return SUCCESS;
}

API cublasSetStream_v2(Handle* handle, void* stream) {
  if (!handle || handle != theHandle) {
    return NOT_INITIALIZED;
  }
  handle->stream = stream;
  handle->workspace = nullptr;
  return SUCCESS;
}

API cublasSetWorkspace_v2(Handle* handle, void* workspace, size_t bytes) {
  if (!handle || handle != theHandle) {
    return NOT_INITIALIZED;
  }
  if (!workspace || (uintptr_t)workspace % 256 || bytes < ((size_t)4 << 20)) {
    return INVALID_VALUE;
  }
  handle->workspace = workspace;
  return SUCCESS;
}

API cublasSetMathMode(Handle* handle, int mode) {
  if (!handle || handle != theHandle) {
    return NOT_INITIALIZED;
  }
  handle->mathMode = mode;
  return mode == 0 ? SUCCESS : INVALID_VALUE;
}

#ifndef WITHOUT_GEMM
API cublasGemmEx(Handle* handle, int transA, int transB, int m, int n, int k, const float* alpha,
                 const uint16_t* a, int typeA, int ldA, const uint16_t* b, int typeB, int ldB,
                 const float* beta, uint16_t* c, int typeC, int ldC, int computeType,
                 int algorithm) {
  if (!handle || handle != theHandle || handle->stream == (void*)UNSET || !handle->workspace ||
      handle->mathMode == UNSET) {
    return NOT_INITIALIZED;
  }
  if (typeA != R_16BF || typeB != R_16BF || typeC != R_16BF || computeType != COMPUTE_32F ||
      algorithm != ALGO_DEFAULT || transA != OP_T || transB != OP_N) {
    return NOT_SUPPORTED;
  }
  if (m < 1 || n < 1 || k < 1 || ldA < k || ldB < k || ldC < m || !a || !b || !c) {
    return INVALID_VALUE;
  }
  // Kept for ever: a graph may run it any number of times.
  Product* product = new Product{m, n, k, a, b, c, ldA, ldB, ldC, *alpha, *beta};
  typedef int (*Enqueue)(void* stream, void (*function)(void*), void* data);
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
  Enqueue enqueue = driver ? (Enqueue)dlsym(driver, "cuLaunchHostFunc") : nullptr;
  if (enqueue) {
    return enqueue(handle->stream, multiply, product);
  }
  multiply(product);
  delete product;
  return SUCCESS;
}
#endif
