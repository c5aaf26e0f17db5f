package dev.weft.engine.journal;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.RequestHints;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes and reads a request without its prompt. Stop tokens and biased tokens are part of the
 * texts that {@link TokenForm#HASHED} keeps secret: of the first it says only that there are some,
 * of the others nothing. A cache salt is hashed in either form, because it is only ever compared.
 */
final class RequestCodec {
  private static final int HAS_SEED = 1;
  private static final int SKIPS_CACHE_READ = 2;
  private static final int HAS_MASK = 4;
  private static final int HAS_BLOCK_REASON = 8;
  private static final int HAS_DEADLINE = 16;
  private static final int HAS_ARRIVAL = 32;
  private static final int HAS_HINTS = 64;
  private static final int HAS_SALT = 128;
  private static final int HAS_STOP_TOKENS = 256;
  private static final int IS_SAMPLED = 512;
  private static final int HAS_BIASES = 1024;
  private static final int LIMITS_DRAFTS = 2048;
  private static final int ALL_FLAGS = 4095;
  private static final int MAX_NUMBER_SIZE = 10;
  private static final int MAX_CHARACTER_SIZE = 3;
  private static final int MAX_NUM_HOST_DATA = 1 << 24;

  private RequestCodec() {}

  /** Most bytes that a request takes, prompt included, whatever its form. */
  static long maxSize(Request request) {
    SamplingParameters sampling = request.sampling();
    long numNumbers = 32L + request.hints().hostData().length + sampling.numStopTokens()
        + 2L * sampling.numBiasedTokens();
    return MAX_NUMBER_SIZE * numNumbers + (long) MAX_CHARACTER_SIZE * request.tenant().length()
        + 8L * request.numPromptTokens();
  }

  // ---- writing

  static void write(Request request, long seed, long saltHash, TokenForm form, long nowNanos,
      RecordWriter out) {
    SamplingParameters sampling = request.sampling();
    int flags = flagsOf(request, form);
    out.signed(request.id());
    out.number(flags);
    out.int64(seed);
    out.signed(request.priority());
    out.text(request.tenant());
    out.number(request.adapterId());
    if ((flags & HAS_SALT) != 0) {
      out.int64(saltHash);
    }
    if ((flags & HAS_BLOCK_REASON) != 0) {
      out.number(request.blockReason() == null ? 0 : request.blockReason().ordinal());
    }
    if ((flags & HAS_DEADLINE) != 0) {
      out.signed(request.deadlineNanos() - nowNanos);
    }
    if ((flags & HAS_ARRIVAL) != 0) {
      out.signed(request.arrivalNanos() - nowNanos);
    }
    if ((flags & HAS_HINTS) != 0) {
      writeHints(request.hints(), out);
    }
    if ((flags & LIMITS_DRAFTS) != 0) {
      out.number(request.maxNumDraftTokens());
    }
    out.number(sampling.maxNewTokens());
    out.number(sampling.minNewTokens());
    out.number(sampling.numSamples());
    out.number(sampling.numLogprobs() + 1L);
    writeChoice(sampling, flags, form, out);
    out.number(request.numPromptTokens());
  }

  private static int flagsOf(Request request, TokenForm form) {
    SamplingParameters sampling = request.sampling();
    boolean isSampled = !sampling.isGreedy() || sampling.hasPenalties() || sampling.topK() != 0
        || sampling.topP() != 1 || sampling.minP() != 0;
    return flag(sampling.seed() != null, HAS_SEED)
        | flag(request.skipsCacheRead(), SKIPS_CACHE_READ)
        | flag(request.tokenMask() != null, HAS_MASK)
        | flag(request.blockReason() != null, HAS_BLOCK_REASON)
        | flag(request.deadlineNanos() != Request.NO_DEADLINE, HAS_DEADLINE)
        | flag(request.arrivalNanos() != Request.ARRIVES_WHEN_ADDED, HAS_ARRIVAL)
        | flag(!request.hints().equals(RequestHints.NONE), HAS_HINTS)
        | flag(!request.cacheSalt().isEmpty(), HAS_SALT)
        | flag(sampling.numStopTokens() > 0, HAS_STOP_TOKENS)
        | flag(isSampled, IS_SAMPLED)
        | flag(request.maxNumDraftTokens() != Integer.MAX_VALUE, LIMITS_DRAFTS)
        | flag(form == TokenForm.CLEAR && sampling.numBiasedTokens() > 0, HAS_BIASES);
  }

  private static int flag(boolean isSet, int flag) {
    return isSet ? flag : 0;
  }

  private static void writeHints(RequestHints hints, RecordWriter out) {
    out.number(hints.expectedNewTokens());
    out.number(hints.firstTokenTargetNanos());
    out.number(hints.interTokenTargetNanos());
    out.int64(hints.sessionId());
    out.number(hints.hostData().length);
    for (long value : hints.hostData()) {
      out.signed(value);
    }
  }

  private static void writeChoice(
      SamplingParameters sampling, int flags, TokenForm form, RecordWriter out) {
    if ((flags & HAS_STOP_TOKENS) != 0 && form == TokenForm.CLEAR) {
      out.number(sampling.numStopTokens());
      for (int i = 0; i < sampling.numStopTokens(); i++) {
        out.number(sampling.stopTokenId(i));
      }
    }
    if ((flags & IS_SAMPLED) != 0) {
      out.float32(sampling.temperature());
      out.number(sampling.topK());
      out.float32(sampling.topP());
      out.float32(sampling.minP());
      out.float32(sampling.repetitionPenalty());
      out.float32(sampling.presencePenalty());
      out.float32(sampling.frequencyPenalty());
    }
    if ((flags & HAS_BIASES) != 0) {
      out.number(sampling.numBiasedTokens());
      for (int i = 0; i < sampling.numBiasedTokens(); i++) {
        out.number(sampling.biasedTokenId(i));
        out.float32(sampling.bias(i));
      }
    }
  }

  // ---- reading

  /** What was read, to be completed with a prompt. */
  static final class Draft {
    long id;
    long seed;
    int flags;
    int numPromptTokens;
    int numSamples;
    private int priority;
    private String tenant = "";
    private String salt = "";
    private int adapterId;
    private int maxNumDraftTokens = Integer.MAX_VALUE;
    private BlockReason blockReason = BlockReason.HOST;
    private long deadlineNanos;
    private long arrivalNanos;
    private RequestHints hints = RequestHints.NONE;
    private SamplingParameters.Builder sampling = SamplingParameters.builder();

    boolean hasMask() {
      return (flags & HAS_MASK) != 0;
    }

    boolean hasStopTokens() {
      return (flags & HAS_STOP_TOKENS) != 0;
    }

    /** The request; a mask is for the caller to add. */
    Request.Builder build(int[] prompt) {
      Request.Builder builder = Request.builder(id, prompt).sampling(sampling.build())
          .priority(priority).tenant(tenant).cacheSalt(salt).adapterId(adapterId).hints(hints)
          .maxNumDraftTokens(maxNumDraftTokens);
      if ((flags & SKIPS_CACHE_READ) != 0) {
        builder.skipCacheRead();
      }
      if ((flags & HAS_BLOCK_REASON) != 0) {
        builder.blockedBy(blockReason);
      }
      if ((flags & HAS_DEADLINE) != 0) {
        builder.deadlineNanos(deadlineNanos);
      }
      if ((flags & HAS_ARRIVAL) != 0) {
        builder.arrivalNanos(arrivalNanos);
      }
      return builder;
    }
  }

  /** @param stopTokens what ends an output of HASHED tokens */
  static Draft read(RecordReader in, SchedulerLimits limits, TokenForm form, int[] stopTokens,
      long nowNanos) throws JournalFormatException {
    Draft draft = new Draft();
    draft.id = in.signed();
    draft.flags = in.number("flags of a request", ALL_FLAGS);
    draft.seed = in.int64();
    draft.priority = in.signedInt("priority");
    draft.tenant = in.text();
    draft.adapterId = in.number("adapterId", Integer.MAX_VALUE);
    draft.salt = (draft.flags & HAS_SALT) == 0 ? "" : Long.toHexString(in.int64());
    if ((draft.flags & HAS_BLOCK_REASON) != 0) {
      draft.blockReason = in.constant("blockReason", BlockReason.values());
    }
    if ((draft.flags & HAS_DEADLINE) != 0) {
      draft.deadlineNanos = nowNanos + in.signed();
    }
    if ((draft.flags & HAS_ARRIVAL) != 0) {
      draft.arrivalNanos = nowNanos + in.signed();
    }
    if ((draft.flags & HAS_HINTS) != 0) {
      draft.hints = readHints(in);
    }
    if ((draft.flags & LIMITS_DRAFTS) != 0) {
      draft.maxNumDraftTokens = in.number("maxNumDraftTokens", Integer.MAX_VALUE);
    }
    readSampling(draft, in, limits, form, stopTokens);
    draft.numPromptTokens = in.number("numPromptTokens", limits.maxModelLen());
    return draft;
  }

  private static RequestHints readHints(RecordReader in) throws JournalFormatException {
    int expectedNewTokens = in.number("expectedNewTokens", Integer.MAX_VALUE);
    long firstTokenTarget = Math.max(0, in.number());
    long interTokenTarget = Math.max(0, in.number());
    long sessionId = in.int64();
    long[] hostData = new long[in.count("length of hostData", MAX_NUM_HOST_DATA)];
    for (int i = 0; i < hostData.length; i++) {
      hostData[i] = in.signed();
    }
    return new RequestHints(
        expectedNewTokens, firstTokenTarget, interTokenTarget, sessionId, hostData);
  }

  private static void readSampling(Draft draft, RecordReader in, SchedulerLimits limits,
      TokenForm form, int[] stopTokens) throws JournalFormatException {
    SamplingParameters.Builder sampling = draft.sampling;
    try {
      sampling.maxNewTokens(in.number("maxNewTokens", Integer.MAX_VALUE));
      sampling.minNewTokens(in.number("minNewTokens", Integer.MAX_VALUE));
      draft.numSamples = in.number("numSamples",
          Math.min(limits.maxNumSeqs(), SamplingParameters.MAX_NUM_SAMPLES));
      sampling.numSamples(draft.numSamples);
      sampling.numLogprobs(in.number("numLogprobs", SamplingParameters.MAX_NUM_LOGPROBS + 1) - 1);
      if ((draft.flags & HAS_SEED) != 0) {
        sampling.seed(draft.seed);
      }
      if ((draft.flags & HAS_STOP_TOKENS) != 0) {
        sampling.stopTokenIds(form == TokenForm.CLEAR ? readStopTokens(in) : stopTokens);
      }
      if ((draft.flags & IS_SAMPLED) != 0) {
        sampling.temperature(in.float32()).topK(in.number("topK", Integer.MAX_VALUE))
            .topP(in.float32()).minP(in.float32()).repetitionPenalty(in.float32())
            .presencePenalty(in.float32()).frequencyPenalty(in.float32());
      }
      if ((draft.flags & HAS_BIASES) != 0) {
        sampling.logitBias(readBiases(in));
      }
      sampling.build();
    } catch (IllegalArgumentException e) {
      throw in.broken(String.valueOf(e.getMessage()));
    }
  }

  private static int[] readStopTokens(RecordReader in) throws JournalFormatException {
    int[] ids = new int[in.count("number of stop tokens", SamplingParameters.MAX_NUM_STOP_TOKENS)];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = in.number("a stop token", Integer.MAX_VALUE);
    }
    return ids;
  }

  private static Map<Integer, Float> readBiases(RecordReader in) throws JournalFormatException {
    Map<Integer, Float> biases = new TreeMap<>();
    int count = in.count("number of biases", SamplingParameters.MAX_NUM_BIASED_TOKENS);
    for (int i = 0; i < count; i++) {
      biases.put(in.number("a biased token", Integer.MAX_VALUE), in.float32());
    }
    return biases;
  }
}
