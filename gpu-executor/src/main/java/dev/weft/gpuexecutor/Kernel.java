package dev.weft.gpuexecutor;

/**
 * The kernels of the PTX resource: the one description of them in Java. Tests compare it with the
 * PTX, parameter by parameter.
 */
enum Kernel {
  PREPARE_INPUTS("prepare_inputs", "PPPPPP", 1024, 0),
  SAMPLE("sample", "PPPPPP", 512, 0),
  VERIFY("verify", "PPPPPP", 32, 0),
  PACK_WEIGHTS("pack_weights", "PPIIIIII", 256, 0),
  GEMM_PACKED_N1_STORE("gemm_packed_n1_store", "PPPPIII", 256, 0),
  GEMM_PACKED_N2_STORE("gemm_packed_n2_store", "PPPPIII", 256, 0),
  GEMM_PACKED_N4_STORE("gemm_packed_n4_store", "PPPPIII", 256, 0),
  GEMM_PACKED_N8_STORE("gemm_packed_n8_store", "PPPPIII", 256, 0),
  GEMM_PACKED_N1_SILU("gemm_packed_n1_silu", "PPPPIII", 256, 0),
  GEMM_PACKED_N2_SILU("gemm_packed_n2_silu", "PPPPIII", 256, 0),
  GEMM_PACKED_N4_SILU("gemm_packed_n4_silu", "PPPPIII", 256, 0),
  GEMM_PACKED_N8_SILU("gemm_packed_n8_silu", "PPPPIII", 256, 0),
  GEMM_PACKED_N1_LOGITS("gemm_packed_n1_logits", "PPPPIII", 256, 0),
  GEMM_PACKED_N2_LOGITS("gemm_packed_n2_logits", "PPPPIII", 256, 0),
  GEMM_PACKED_N4_LOGITS("gemm_packed_n4_logits", "PPPPIII", 256, 0),
  GEMM_PACKED_N8_LOGITS("gemm_packed_n8_logits", "PPPPIII", 256, 0),
  GEMM_PACKED_N8_WIDE_STORE("gemm_packed_n8_wide_store", "PPPPIII", 256, 0),
  GEMM_PACKED_N8_WIDE_SILU("gemm_packed_n8_wide_silu", "PPPPIII", 256, 0),
  GEMM_PACKED_N8_WIDE_LOGITS("gemm_packed_n8_wide_logits", "PPPPIII", 256, 0),
  GEMM_TILED_STORE("gemm_tiled_store", "PPPPIII", 256, 0),
  GEMM_TILED_SILU("gemm_tiled_silu", "PPPPIII", 256, 0),
  GEMM_TILED_LOGITS("gemm_tiled_logits", "PPPPIII", 256, 0),
  GEMM_SMALL_TILED_STORE("gemm_small_tiled_store", "PPPPIII", 128, 0),
  GEMM_SMALL_TILED_SILU("gemm_small_tiled_silu", "PPPPIII", 128, 0),
  GEMM_SMALL_TILED_LOGITS("gemm_small_tiled_logits", "PPPPIII", 128, 0),
  EMBED("embed", "PPPPI", 128, 0),
  ADD_RMS_NORM("add_rms_norm", "PPPPPIIF", 256, 0),
  GATHER_RMS_NORM("gather_rms_norm", "PPPPPPIIF", 256, 0),
  SILU_MUL("silu_mul", "PPPI", 256, 0),
  ROPE_KV("rope_kv", "PPPPPIIIIIF", 128, 0),
  ATTENTION_DECODE_D32("attention_decode_d32", "PPPPPPPIIIII", 128, 0),
  ATTENTION_DECODE_D64("attention_decode_d64", "PPPPPPPIIIII", 128, 0),
  ATTENTION_DECODE_D128("attention_decode_d128", "PPPPPPPIIIII", 128, 0),
  ATTENTION_PREFILL_D32("attention_prefill_d32", "PPPPPPPIIIII", 128, 0),
  ATTENTION_PREFILL_D64("attention_prefill_d64", "PPPPPPPIIIII", 128, 0),
  ATTENTION_PREFILL_D128("attention_prefill_d128", "PPPPPPPIIIII", 128, 0),
  ATTENTION_MERGE("attention_merge", "PPPIII", 128, 0),
  COPY_BLOCKS("copy_blocks", "PPI", 256, 0),
  CLOSE_UP("close_up", "PPPPPIII", 256, 0);

  private final String entry;
  private final String parameters;
  private final int numThreads;
  private final int sharedBytes;

  /**
   * @param entry its name in the PTX
   * @param parameters one letter each: P a pointer, I an int, F a float
   * @param numThreads threads of a block
   * @param sharedBytes dynamic shared memory of a block
   */
  Kernel(String entry, String parameters, int numThreads, int sharedBytes) {
    this.entry = entry;
    this.parameters = parameters;
    this.numThreads = numThreads;
    this.sharedBytes = sharedBytes;
  }

  /** Its name in the PTX. */
  String entry() {
    return entry;
  }

  int numParameters() {
    return parameters.length();
  }

  /** What parameter {@code index} is: 'P' a pointer, 'I' an int, 'F' a float. */
  char parameter(int index) {
    return parameters.charAt(index);
  }

  /** One letter for each parameter, as {@link #parameter} gives them. */
  String parameters() {
    return parameters;
  }

  /** Threads of a block. */
  int numThreads() {
    return numThreads;
  }

  /** Bytes of dynamic shared memory of a block. */
  int sharedBytes() {
    return sharedBytes;
  }
}
