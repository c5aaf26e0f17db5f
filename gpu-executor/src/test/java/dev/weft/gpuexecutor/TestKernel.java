package dev.weft.gpuexecutor;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A kernel of {@code test_kernels.cuh}, which only the stand-in driver has. Its PTX is a list of
 * parameters and no code, which is all that the stand-in reads.
 *
 * @param entry its name
 * @param parameters one letter each, as in {@link Kernel#parameters}
 */
record TestKernel(String entry, String parameters) {
  static final TestKernel GATHER = new TestKernel("test_gather", "PPPII");

  /** A module with this kernel alone; skips the test on a real GPU, which would do nothing. */
  byte[] ptx() {
    return ptx("");
  }

  /** @param directives what stands behind the parameters, such as {@code .maxntid 256, 1, 1} */
  byte[] ptx(String directives) {
    StandIn.loadEmulated();
    StringBuilder text = new StringBuilder(".version 8.0\n.target sm_80\n.address_size 64\n\n");
    text.append(".visible .entry ").append(entry).append("(\n");
    for (int i = 0; i < parameters.length(); i++) {
      char kind = parameters.charAt(i);
      text.append("\t.param ").append(kind == 'P' ? ".u64 " : kind == 'I' ? ".u32 " : ".f32 ")
          .append(entry).append("_param_").append(i)
          .append(i + 1 < parameters.length() ? ",\n" : "\n");
    }
    text.append(")\n").append(directives).append("\n{\n\tret;\n}\n");
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Writes arguments to where a launch reads them.
   *
   * @param memory {@link KernelArguments#BYTES} or more
   * @param arguments each a {@link DeviceArray}, a {@link DeviceMemory}, an Integer, a Float, or a
   *     Long for the address of a pointer
   */
  PinnedMemory pack(PinnedMemory memory, Object... arguments) {
    int values = KernelArguments.BYTES / 2;
    ByteBuffer buffer = memory.buffer();
    for (int i = 0; i < arguments.length; i++) {
      int offset = values + Long.BYTES * i;
      buffer.putLong(Long.BYTES * i, memory.address() + offset);
      Object argument = arguments[i];
      if (argument instanceof Integer value) {
        buffer.putInt(offset, value);
      } else if (argument instanceof Float value) {
        buffer.putFloat(offset, value);
      } else if (argument instanceof DeviceMemory value) {
        buffer.putLong(offset, value.address());
      } else if (argument instanceof DeviceArray value) {
        buffer.putLong(offset, value.address());
      } else {
        buffer.putLong(offset, (Long) argument);
      }
    }
    return memory;
  }
}
