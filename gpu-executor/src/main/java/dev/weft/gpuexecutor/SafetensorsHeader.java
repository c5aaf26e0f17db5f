package dev.weft.gpuexecutor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads and checks the table of contents of a safetensors file.
 *
 * <pre>
 * | header length: u64 | header: JSON, that many bytes | data                               |
 *                        {"name": {"dtype", "shape", "data_offsets": [begin, end)}, ...}
 * </pre>
 *
 * <p>A file is untrusted until every entry has been checked: sizes against the file, offsets
 * against shape and type, and that the tensors cover the data exactly, without gap or overlap. The
 * cost is that of sorting the entries; of the data not one byte is read.
 */
final class SafetensorsHeader {
  static final int MAX_HEADER_SIZE = 100_000_000;
  private static final int MAX_NUM_DIMENSIONS = 8;
  private static final long MAX_DIMENSION = 1L << 40;

  private SafetensorsHeader() {}

  /** Returns the tensors of the file by name, in file order. */
  static Map<String, StoredTensor> read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      long fileSize = channel.size();
      int headerSize = headerSize(file, channel, fileSize);
      byte[] header = bytes(file, channel, Long.BYTES, headerSize).array();
      long dataOffset = (long) Long.BYTES + headerSize;
      return tensors(file, JsonReader.readObject(file, header), dataOffset, fileSize);
    }
  }

  private static int headerSize(Path file, FileChannel channel, long fileSize)
      throws IOException {
    if (fileSize < Long.BYTES) {
      throw new ModelFormatException(
          file, "header length", "the file has " + fileSize + " bytes, needs at least 8");
    }
    long headerSize = bytes(file, channel, 0, Long.BYTES).getLong(0);
    long limit = Math.min(MAX_HEADER_SIZE, fileSize - Long.BYTES);
    if (headerSize < 2 || headerSize > limit) {
      throw new ModelFormatException(
          file,
          "header length",
          "is " + Long.toUnsignedString(headerSize) + ", must be from 2 to " + limit);
    }
    return (int) headerSize;
  }

  private static ByteBuffer bytes(Path file, FileChannel channel, long offset, int size)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        throw new ModelFormatException(file, "header", "the file became shorter while being read");
      }
    }
    return buffer;
  }

  private static Map<String, StoredTensor> tensors(
      Path file, JsonObject header, long dataOffset, long fileSize) throws ModelFormatException {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (String name : header.fields()) {
      if (!name.equals("__metadata__")) {
        JsonObject entry = header.requireObject(name);
        tensors.put(name, tensor(file, name, entry, dataOffset, fileSize));
      }
    }
    checkCoverage(file, new ArrayList<>(tensors.values()), dataOffset, fileSize);
    return tensors;
  }

  private static StoredTensor tensor(
      Path file, String name, JsonObject entry, long dataOffset, long fileSize)
      throws ModelFormatException {
    long[] shape = entry.requireLongs("shape", MAX_NUM_DIMENSIONS, 0, MAX_DIMENSION);
    long[] offsets = entry.requireLongs("data_offsets", 2, 0, Long.MAX_VALUE);
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw entry.wrong("data_offsets", "begin and end, in this order");
    }
    if (offsets[1] > fileSize - dataOffset) {
      long numDataBytes = fileSize - dataOffset;
      throw entry.wrong(
          "data_offsets", "within the " + numDataBytes + " data bytes the file has (truncated?)");
    }
    StoredTensor tensor =
        new StoredTensor(
            file,
            name,
            entry.requireString("dtype"),
            shape,
            dataOffset + offsets[0],
            offsets[1] - offsets[0]);
    checkSize(entry, tensor);
    return tensor;
  }

  /** Checks size = product of the shape x size of an element, for the types we read. */
  private static void checkSize(JsonObject entry, StoredTensor tensor)
      throws ModelFormatException {
    StorageType type = StorageType.named(tensor.typeName());
    if (type == null) {
      return;
    }
    long size = type.elementSize();
    try {
      for (long dimension : tensor.shape()) {
        size = Math.multiplyExact(size, dimension);
      }
    } catch (ArithmeticException e) {
      throw entry.wrong("shape", "less than 2^63 bytes in all");
    }
    if (size != tensor.byteSize()) {
      throw entry.wrong("data_offsets", size + " bytes long by dtype and shape");
    }
  }

  private static void checkCoverage(
      Path file, List<StoredTensor> tensors, long dataOffset, long fileSize)
      throws ModelFormatException {
    tensors.sort(
        Comparator.comparingLong(StoredTensor::fileOffset)
            .thenComparingLong(StoredTensor::byteSize));
    long end = dataOffset;
    for (StoredTensor tensor : tensors) {
      if (tensor.fileOffset() != end) {
        String kind = tensor.fileOffset() < end ? "overlaps with" : "leaves a gap behind";
        long begin = tensor.fileOffset() - dataOffset;
        throw new ModelFormatException(
            file,
            tensor.name(),
            "begins at " + begin + ", " + kind + " the tensor that ends at " + (end - dataOffset));
      }
      end += tensor.byteSize();
    }
    if (end != fileSize) {
      throw new ModelFormatException(
          file, "data", (fileSize - end) + " bytes at the end belong to no tensor");
    }
  }
}
