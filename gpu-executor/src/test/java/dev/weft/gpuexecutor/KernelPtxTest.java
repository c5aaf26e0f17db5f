package dev.weft.gpuexecutor;

import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerCompile;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerCreate;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerDestroy;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetErrorLog;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetErrorLogSize;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetInfoLog;
import static jcuda.nvptxcompiler.JNvPTXCompiler.nvPTXCompilerGetInfoLogSize;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The PTX that is shipped is what the enum of kernels says, and is accepted by an assembler as old
 * as that of the oldest driver: NVIDIA's PTX compiler 12.0, which is inside JCuda's natives.
 */
class KernelPtxTest {
  private static final Pattern ENTRY =
      Pattern.compile("\\.entry (\\w+)\\(([^)]*)\\)\\s*\\.maxntid (\\d+), 1, 1");
  private static final Pattern PARAMETER = Pattern.compile("\\.param \\.(\\w+) ");

  @TempDir private static Path temporary;

  /** Name to parameters and threads, as the enum has it. */
  private static Map<String, String> kernels() {
    Map<String, String> kernels = new TreeMap<>();
    for (Kernel kernel : Kernel.values()) {
      kernels.put(kernel.entry(), kernel.parameters() + " " + kernel.numThreads());
    }
    return kernels;
  }

  @Test
  void everyEntryIsAKernelAndEveryKernelAnEntry() {
    Map<String, String> entries = new TreeMap<>();
    String ptx = new String(KernelModule.ptx(), StandardCharsets.US_ASCII);
    Matcher entry = ENTRY.matcher(ptx);
    while (entry.find()) {
      StringBuilder kinds = new StringBuilder();
      Matcher parameter = PARAMETER.matcher(entry.group(2));
      while (parameter.find()) {
        kinds.append(switch (parameter.group(1)) {
          case "u64" -> 'P';
          case "u32" -> 'I';
          case "f32" -> 'F';
          default -> '?';
        });
      }
      entries.put(entry.group(1), kinds + " " + entry.group(3));
    }

    assertThat(entries).isEqualTo(kernels());
    assertThat(ptx.split("\\.entry ", -1)).as("entries without bounds of their launch")
        .hasSize(entries.size() + 1);
    assertThat(Kernel.values()).hasSameSizeAs(kernels().entrySet());
  }

  /** Attention is divided for as many blocks as the assembler leaves registers for. */
  @Test
  void asManyBlocksOfAttentionFindRoomAsJavaCountsOn() {
    String ptx = new String(KernelModule.ptx(), StandardCharsets.US_ASCII);
    Matcher bounds = Pattern.compile("\\.entry attention_(?:decode|prefill)_d(\\d+)\\([^)]*\\)\\s*"
        + "\\.maxntid 128, 1, 1\\s+\\.minnctapersm (\\d+)").matcher(ptx);
    int numKernels = 0;
    for (; bounds.find(); numKernels++) {
      int headDim = Integer.parseInt(bounds.group(1));
      assertThat(Integer.parseInt(bounds.group(2)))
          .isEqualTo(AttentionWork.blocksOfMultiprocessor(headDim));
    }
    assertThat(numKernels).isEqualTo(6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sm_80", "sm_90"})
  void theAssemblerOfTheOldestDriverTakesItAndSpillsNothing(String target) throws IOException {
    loadCompiler();
    String[] options = {"--gpu-name=" + target, "--verbose"};
    nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
    byte[] ptx = KernelModule.ptx();
    nvPTXCompilerCreate(compiler, ptx.length, Arrays.copyOf(ptx, ptx.length + 1));

    int code = nvPTXCompilerCompile(compiler, options.length, options);

    assertThat(code).as(errorLog(compiler)).isZero();
    String log = infoLog(compiler);
    nvPTXCompilerDestroy(compiler);
    Matcher spills = Pattern.compile(
        "Function properties for (\\w+)\nptxas +\\. +\\d+ bytes stack frame,"
            + " (\\d+) bytes spill stores, (\\d+) bytes spill loads").matcher(log);
    Set<String> assembled = new TreeSet<>();
    Map<String, String> spilling = new TreeMap<>();
    while (spills.find()) {
      assembled.add(spills.group(1));
      if (!spills.group(2).equals("0") || !spills.group(3).equals("0")) {
        spilling.put(spills.group(1), spills.group(2) + " stored, " + spills.group(3) + " loaded");
      }
    }
    assertThat(spilling).as("bytes of registers that are kept in memory").isEmpty();
    assertThat(assembled).containsAll(kernels().keySet());
  }

  @Test
  void theAssemblerDoesNotTakeEverything() throws IOException {
    loadCompiler();
    String ptx = new String(KernelModule.ptx(), StandardCharsets.US_ASCII);
    for (String broken : new String[] {
        ptx.replace(".version 8.0", ".version 9.0"), ptx.replaceFirst("mma\\.sync", "mma.sink")}) {
      assertThat(broken).isNotEqualTo(ptx);
      byte[] text = (broken + "\0").getBytes(StandardCharsets.US_ASCII);
      nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
      nvPTXCompilerCreate(compiler, text.length - 1, text);

      assertThat(nvPTXCompilerCompile(compiler, 1, new String[] {"--gpu-name=sm_80"})).isNotZero();
      assertThat(errorLog(compiler)).isNotEmpty();
      nvPTXCompilerDestroy(compiler);
    }
  }

  /** JCuda unpacks it to wherever the property points to when its class is first used. */
  private static void loadCompiler() throws IOException {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    assumeTrue(system.matches("Linux (amd64|x86_64)"),
        "the PTX compiler is for Linux on x86-64, this is " + system);
    // The JDK remembers the property when it first makes a temporary file.
    Files.delete(Files.createTempFile("weft", null));
    Files.delete(File.createTempFile("weft", null).toPath());
    String before = System.setProperty("java.io.tmpdir", temporary.toString());
    try {
      nvPTXCompilerDestroy(new nvPTXCompilerHandle());
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
  }

  private static String errorLog(nvPTXCompilerHandle compiler) {
    long[] size = {0};
    nvPTXCompilerGetErrorLogSize(compiler, size);
    byte[] log = new byte[(int) size[0] + 1];
    nvPTXCompilerGetErrorLog(compiler, log);
    return new String(log, StandardCharsets.UTF_8).strip();
  }

  private static String infoLog(nvPTXCompilerHandle compiler) {
    long[] size = {0};
    nvPTXCompilerGetInfoLogSize(compiler, size);
    byte[] log = new byte[(int) size[0] + 1];
    nvPTXCompilerGetInfoLog(compiler, log);
    return new String(log, StandardCharsets.UTF_8);
  }
}
