package dev.weft.gpuexecutor;

import java.nio.file.Path;
import java.util.Arrays;

/**
 * Where and how a tensor lies in a safetensors file; row-major, little-endian.
 *
 * @param file the file that holds it
 * @param name its name in the checkpoint
 * @param typeName its number format as the file spells it
 * @param shape dimensions, outermost first; not modified by anyone
 * @param fileOffset first byte of its data, counted from the start of the file
 * @param byteSize number of bytes of its data
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record StoredTensor(
    Path file, String name, String typeName, long[] shape, long fileOffset, long byteSize) {

  /**
   * Checks that this tensor can be read as floats of exactly that shape.
   *
   * @return its number format
   */
  StorageType require(long... expectedShape) throws ModelFormatException {
    StorageType type = StorageType.named(typeName);
    if (type == null) {
      throw new ModelFormatException(
          file, name, "dtype is " + typeName + ", must be F32, F16 or BF16");
    }
    if (!Arrays.equals(shape, expectedShape)) {
      String found = "shape is " + Arrays.toString(shape);
      String expected = ", must be " + Arrays.toString(expectedShape) + " by config.json";
      throw new ModelFormatException(file, name, found + expected);
    }
    return type;
  }
}
