package dev.weft.gpuexecutor;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The functions of a loaded cuBLAS that {@link ForeignCublas} calls, and the little memory of the
 * host that it hands to them by address.
 *
 * <p>All but {@link #gemm} are for set-up: their arguments are boxed.
 */
final class CublasFunctions {
  static final String GEMM = "cublasGemmEx";

  private static final int SUCCESS = 0;
  private static final int DEFAULT_MATH = 0;

  // Places in the memory.
  private static final int ZERO = 0;
  private static final int ONE = 8;
  private static final int ANSWER = 16;
  private static final int NUM_BYTES = 24;

  private final ByteBuffer memory =
      ByteBuffer.allocateDirect(NUM_BYTES).order(ByteOrder.nativeOrder());
  private final long address;
  private final MethodHandle getProperty;
  private final MethodHandle create;
  private final MethodHandle destroy;
  private final MethodHandle setStream;
  private final MethodHandle setWorkspace;
  private final MethodHandle setMathMode;
  private final MethodHandle gemm;

  /** @throws UnsupportedOperationException when the library lacks a function */
  CublasFunctions(ForeignFunctions library) {
    memory.putFloat(ZERO, 0).putFloat(ONE, 1);
    address = ForeignFunctions.address(memory);
    getProperty = function(library, "cublasGetProperty", int.class, long.class);
    create = function(library, "cublasCreate_v2", long.class);
    destroy = function(library, "cublasDestroy_v2", long.class);
    setStream = function(library, "cublasSetStream_v2", long.class, long.class);
    setWorkspace =
        function(library, "cublasSetWorkspace_v2", long.class, long.class, long.class);
    setMathMode = function(library, "cublasSetMathMode", long.class, int.class);
    gemm = function(library, GEMM, long.class, int.class, int.class, int.class, int.class,
        int.class, long.class, long.class, int.class, int.class, long.class, int.class, int.class,
        long.class, long.class, int.class, int.class, int.class, int.class);
  }

  private static MethodHandle function(
      ForeignFunctions library, String name, Class<?>... parameters) {
    return library.function(name, MethodType.methodType(int.class, parameters)).orElseThrow(
        () -> new UnsupportedOperationException("the library has no " + name + ": not cuBLAS"));
  }

  /** Such as {@code 13.1.0}. */
  String version() {
    return property(0) + "." + property(1) + "." + property(2);
  }

  int majorVersion() {
    return property(0);
  }

  private int property(int kind) {
    call("cublasGetProperty", getProperty, kind, address + ANSWER);
    return memory.getInt(ANSWER);
  }

  long create() {
    call("cublasCreate_v2", create, address + ANSWER);
    return memory.getLong(ANSWER);
  }

  void destroy(long handle) {
    call("cublasDestroy_v2", destroy, handle);
  }

  void setStream(long handle, long stream) {
    call("cublasSetStream_v2", setStream, handle, stream);
  }

  void setWorkspace(long handle, long workspace, long bytes) {
    call("cublasSetWorkspace_v2", setWorkspace, handle, workspace, bytes);
  }

  /** Sums in fp32, and nothing rounded between. */
  void setDefaultMath(long handle) {
    call("cublasSetMathMode", setMathMode, handle, DEFAULT_MATH);
  }

  /** {@code cublasGemmEx}, all pointers as longs; to be called exactly. */
  MethodHandle gemm() {
    return gemm;
  }

  /** Where a float 0 lies in the memory of the host. */
  long addressOfZero() {
    return address + ZERO;
  }

  /** Where a float 1 lies in the memory of the host. */
  long addressOfOne() {
    return address + ONE;
  }

  private static void call(String name, MethodHandle function, Object... arguments) {
    int status;
    try {
      status = (int) function.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new LinkageError(name, e);
    }
    check(status, name);
  }

  /** @throws CudaException unless a function succeeded */
  static void check(int status, String function) {
    if (status != SUCCESS) {
      throw new CudaException(status, "CUBLAS_STATUS_" + nameOf(status), function);
    }
  }

  private static String nameOf(int status) {
    return switch (status) {
      case 1 -> "NOT_INITIALIZED";
      case 3 -> "ALLOC_FAILED";
      case 7 -> "INVALID_VALUE";
      case 8 -> "ARCH_MISMATCH";
      case 11 -> "MAPPING_ERROR";
      case 13 -> "EXECUTION_FAILED";
      case 14 -> "INTERNAL_ERROR";
      case 15 -> "NOT_SUPPORTED";
      case 16 -> "LICENSE_ERROR";
      default -> "UNKNOWN";
    };
  }
}
