package dev.weft.gpuexecutor;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The functions of one native library, by {@code java.lang.foreign}, which a Java 17 compiler does
 * not know: it is reached by reflection here, once for each function, and never in a call. Pointers
 * are passed as {@code long}, which is the same on all platforms of CUDA, so a function is a {@link
 * MethodHandle} of ints and longs alone, to be called with {@code invokeExact}.
 *
 * <p>A library stays loaded for the life of the JVM.
 */
final class ForeignFunctions {
  /** The first Java that has them. */
  static final int MIN_JAVA_VERSION = 22;

  private static final String PACKAGE = "java.lang.foreign.";

  private final Object library;

  private ForeignFunctions(Object library) {
    this.library = library;
  }

  /** Why there are none in this JVM; empty when there are. */
  static Optional<String> unavailableReason(int javaVersion) {
    return javaVersion >= MIN_JAVA_VERSION
        ? Optional.empty()
        : Optional.of("needs Java " + MIN_JAVA_VERSION + " or newer, this is Java " + javaVersion);
  }

  /**
   * Loads a library by its name, which the system searches for.
   *
   * @return empty when it is not found, or does not load
   */
  static Optional<ForeignFunctions> load(String name) {
    return load(String.class, name);
  }

  /**
   * Loads a library from a file.
   *
   * @return empty when there is no such file, or it does not load
   */
  static Optional<ForeignFunctions> load(Path file) {
    return load(Path.class, file);
  }

  private static Optional<ForeignFunctions> load(Class<?> kind, Object name) {
    Object arena = invoke(method("Arena", "global"), null);
    Method lookup = method("SymbolLookup", "libraryLookup", kind, type("Arena"));
    try {
      return Optional.of(new ForeignFunctions(invoke(lookup, null, name, arena)));
    } catch (IllegalArgumentException notThere) {
      return Optional.empty();
    }
  }

  /**
   * A function of the library.
   *
   * @param type of {@code int} and {@code long} alone
   * @return empty when the library has none of that name
   */
  Optional<MethodHandle> function(String name, MethodType type) {
    Object found = invoke(method("SymbolLookup", "find", String.class), library, name);
    Optional<?> symbol = (Optional<?>) found;
    return symbol.map(address -> downcall(address, type));
  }

  /** Where a direct buffer begins. */
  static long address(ByteBuffer buffer) {
    Object segment =
        invoke(method("MemorySegment", "ofBuffer", java.nio.Buffer.class), null, buffer);
    return (long) invoke(method("MemorySegment", "address"), segment);
  }

  private static MethodHandle downcall(Object symbol, MethodType type) {
    Object layouts = Array.newInstance(type("MemoryLayout"), type.parameterCount());
    for (int i = 0; i < type.parameterCount(); i++) {
      Array.set(layouts, i, layout(type.parameterType(i)));
    }
    Object descriptor = invoke(
        method("FunctionDescriptor", "of", type("MemoryLayout"), layouts.getClass()),
        null, layout(type.returnType()), layouts);
    Object options = Array.newInstance(type("Linker$Option"), 0);
    Object linker = invoke(method("Linker", "nativeLinker"), null);
    Method downcall = method("Linker", "downcallHandle", type("MemorySegment"),
        type("FunctionDescriptor"), options.getClass());
    MethodHandle handle = (MethodHandle) invoke(downcall, linker, symbol, descriptor, options);
    return handle.asType(type);
  }

  private static Object layout(Class<?> type) {
    String name = type == long.class ? "JAVA_LONG" : "JAVA_INT";
    try {
      return type("ValueLayout").getField(name).get(null);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(PACKAGE + "ValueLayout." + name, e);
    }
  }

  // ---- reflection

  private static Class<?> type(String name) {
    try {
      return Class.forName(PACKAGE + name);
    } catch (ClassNotFoundException e) {
      throw new LinkageError(PACKAGE + name, e);
    }
  }

  private static Method method(String type, String name, Class<?>... parameters) {
    try {
      return type(type).getMethod(name, parameters);
    } catch (NoSuchMethodException e) {
      throw new LinkageError(PACKAGE + type + "." + name, e);
    }
  }

  /** Calls a method, whose unchecked exceptions are passed on. */
  private static Object invoke(Method method, @Nullable Object target, Object... arguments) {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new LinkageError(method.toString(), e.getCause());
    } catch (IllegalAccessException e) {
      throw new LinkageError(method.toString(), e);
    }
  }
}
