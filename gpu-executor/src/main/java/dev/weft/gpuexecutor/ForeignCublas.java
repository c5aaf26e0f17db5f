package dev.weft.gpuexecutor;

import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * cuBLAS through foreign functions, where there is one and Java is new enough ({@link
 * ForeignFunctions}): the library of CUDA 12 to 14 that the system finds, or the file that the
 * system property {@value #LIBRARY_PROPERTY} names.
 *
 * <p>cuBLAS counts in columns. Row-major {@code Y[M][N] = X[M][K] W[N][K]^T} is, by columns,
 * {@code Y' = W' X'} with {@code Y'[N][M]}, {@code X'[K][M]}, and {@code W[K][N]} transposed: a
 * call with M and N exchanged and the first matrix transposed.
 */
final class ForeignCublas implements GemmProvider {
  /** Names the file of the library. */
  static final String LIBRARY_PROPERTY = "weft.cublas";

  /** From which version on the arguments of {@code cublasGemmEx} mean what they do here. */
  static final int MIN_MAJOR_VERSION = 12;

  /**
   * Below, the executor's own kernels wait for weights alone. From here on each of their blocks
   * also reads up to 64 rows of activations: as many bytes as its weights, or twice as many.
   */
  static final int MIN_ROWS = 33;

  // From cublas_api.h and library_types.h.
  private static final int OP_N = 0;
  private static final int OP_T = 1;
  private static final int BF16 = 14;
  private static final int COMPUTE_32F = 68;
  private static final int DEFAULT_ALGORITHM = -1;

  private static final List<String> NAMES =
      List.of("libcublas.so.14", "libcublas.so.13", "libcublas.so.12");

  /** What cuBLAS recommends for the largest devices. */
  private static final long WORKSPACE_BYTES = 32 << 20;

  private final List<String> names;
  private @Nullable CublasFunctions functions;
  private String version = "";
  private @Nullable MethodHandle gemm;
  private long handle;
  private long zero;
  private long one;

  ForeignCublas() {
    this(NAMES);
  }

  /** @param names of libraries, tried one after another where the property is not set */
  ForeignCublas(List<String> names) {
    this.names = names;
  }

  @Override
  public String name() {
    return "cuBLAS" + version;
  }

  @Override
  public Optional<String> unavailableReason() {
    return unavailableReason(Runtime.version().feature());
  }

  /** As if this were another Java. */
  Optional<String> unavailableReason(int javaVersion) {
    Optional<String> reason = ForeignFunctions.unavailableReason(javaVersion);
    if (reason.isPresent()) {
      return reason;
    }
    try {
      load();
      return Optional.empty();
    } catch (RuntimeException | LinkageError e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private void load() {
    if (functions == null) {
      CublasFunctions found = new CublasFunctions(library());
      int major = found.majorVersion();
      if (major < MIN_MAJOR_VERSION) {
        throw new UnsupportedOperationException(
            "needs cuBLAS " + MIN_MAJOR_VERSION + " or newer, this is " + found.version());
      }
      version = " " + found.version();
      functions = found;
    }
  }

  private ForeignFunctions library() {
    String file = System.getProperty(LIBRARY_PROPERTY);
    if (file != null) {
      return libraryOf(Path.of(file));
    }
    for (String name : names) {
      Optional<ForeignFunctions> found = ForeignFunctions.load(name);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw new UnsupportedOperationException("none of " + String.join(", ", names)
        + " is found; name the file with -D" + LIBRARY_PROPERTY + "=<path>");
  }

  private static ForeignFunctions libraryOf(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new UnsupportedOperationException(
          "there is no file " + file + ", which -D" + LIBRARY_PROPERTY + " names");
    }
    // Outside the system's folders libcublas does not find its other half; once loaded, it does.
    Path name = file.toAbsolutePath().getFileName();
    Path half = file.resolveSibling(name.toString().replace("libcublas.", "libcublasLt."));
    if (!half.equals(file) && Files.isRegularFile(half)) {
      ForeignFunctions.load(half);
    }
    return ForeignFunctions.load(file).orElseThrow(() -> new UnsupportedOperationException(
        file + ", which -D" + LIBRARY_PROPERTY + " names, cannot be loaded"));
  }

  @Override
  public int minRows() {
    return MIN_ROWS;
  }

  @Override
  public long workspaceBytes() {
    return WORKSPACE_BYTES;
  }

  @Override
  public void open(long stream, long workspace) {
    Optional<String> reason = unavailableReason();
    CublasFunctions found = functions;
    if (reason.isPresent() || found == null) {
      throw new UnsupportedOperationException(name() + ": " + reason.orElse("not loaded"));
    }
    if (handle != 0) {
      throw new IllegalStateException(name() + " is open already");
    }
    handle = found.create();
    try {
      // Setting the stream takes the workspace away, so the workspace comes behind it.
      found.setStream(handle, stream);
      found.setWorkspace(handle, workspace, WORKSPACE_BYTES);
      found.setDefaultMath(handle);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    zero = found.addressOfZero();
    one = found.addressOfOne();
    gemm = found.gemm();
  }

  @Override
  public void multiply(long y, long x, long w, int rows, int outputs, int inputs) {
    MethodHandle function = gemm;
    if (function == null) {
      throw new IllegalStateException(name() + " is not open");
    }
    int status;
    try {
      status = (int) function.invokeExact(handle, OP_T, OP_N, outputs, rows, inputs, one,
          w, BF16, inputs, x, BF16, inputs, zero, y, BF16, outputs, COMPUTE_32F, DEFAULT_ALGORITHM);
    } catch (Throwable e) {
      throw new LinkageError(CublasFunctions.GEMM, e); // It has linked: it throws nothing.
    }
    CublasFunctions.check(status, CublasFunctions.GEMM);
  }

  @Override
  public void close() {
    long open = handle;
    CublasFunctions found = functions;
    handle = 0;
    gemm = null;
    if (open != 0 && found != null) {
      found.destroy(open);
    }
  }
}
