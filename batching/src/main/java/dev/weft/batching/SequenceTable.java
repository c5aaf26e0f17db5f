package dev.weft.batching;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SequenceSeed;
import dev.weft.schedulerapi.SequenceStatus;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * State of all live sequences as arrays by handle. Plain data: the classes that change it keep it
 * right.
 *
 * <p>Token counts of a sequence, in the order of positions:
 * <pre>
 *   0 ........ numPrompt ........ numKnown ........ numTokens
 *   prompt     read output        unread output: sampled by steps in flight
 * </pre>
 * The samples of a request are a chain of handles; its first one is the leader and counts the live
 * ones.
 */
final class SequenceTable {
  static final int NONE = -1;
  /** Value of {@link #row} of a sequence that must not get a row any more in this step. */
  static final int LOST_BLOCKS = -2;
  static final byte WAITING = (byte) SequenceStatus.WAITING.ordinal();
  static final byte RUNNING = (byte) SequenceStatus.RUNNING.ordinal();
  static final byte BLOCKED = (byte) SequenceStatus.BLOCKED.ordinal();
  static final byte FINISHED = (byte) SequenceStatus.FINISHED.ordinal();
  /**
   * A further sample whose prompt is still computed by its leader: in no list, seen by no policy.
   */
  static final byte UNBORN = (byte) SequenceStatus.values().length;

  // Values of asks.
  static final byte ASKS_ADAPTER = 1;
  static final byte ASKS_MASK = 2;
  static final byte ASKS_LOGPROBS = 4;
  static final byte ASKS_STOP_TOKENS = 8;
  /** What has to be looked at before a row is granted. */
  static final byte ASKS_OF_ROWS = ASKS_ADAPTER + ASKS_MASK;

  final @Nullable Request[] request;
  final HandleView[] view;
  final int[] sampleIndex;
  final int[] leader;
  final int[] nextSample;
  /** By leader: samples that have not ended. */
  final int[] numLiveSamples;
  final long[] requestId;
  final long[] arrivalIndex;
  final long[] arrivalNanos;
  final long[] lastRowNanos;
  final long[] seed;
  final int[] priority;
  final int[] adapter;
  final int[] numPrompt;
  final int[] numTokens;
  final int[] numUnread;
  final int[] maxNumTokens;
  final int[] numComputed;
  /** Most positions that were ever computed: what is computed again below it is recomputation. */
  final int[] maxComputed;
  /**
   * A decode that ends here or before needs no further block, and may write those it has; 0 when
   * the cache must be asked. Means nothing before the first row since the blocks were taken.
   */
  final int[] writableEnd;
  /** Known tokens with which the next block is full, so that it can be entered in the cache. */
  final int[] nextFull;
  /** Drafts proposed for the next row. */
  final int[] numDrafts;
  /** Drafts of the one row in flight that carries any; nothing can be planned before its result. */
  final int[] numDraftsInFlight;
  /** Drafts that it is to get; one that is to get any is not planned ahead of its tokens. */
  final int[] draftLength;
  /** Drafts that the policy wants, whether or not there is room for so many now. */
  final int[] chosenLength;
  final int[] numPreemptions;
  /** Row in the step being planned, or NONE, or LOST_BLOCKS. */
  final int[] row;
  final int[] slot;
  /** True when the device has been told of the slot. */
  final boolean[] isAttached;
  /** Changes when results of rows planned before must not be delivered any more. */
  final int[] resultEpoch;
  /**
   * Changes when the sequence loses its blocks: computed counts of rows planned before are void.
   */
  final int[] blockEpoch;
  final byte[] status;
  final SamplingParameters[] sampling;
  /** What its request asks for beyond the ordinary: a sum of the constants. */
  final byte[] asks;
  final boolean[] isPrefill;
  final boolean[] isSkipped;
  private final int[] freeHandles;
  private int numFreeHandles;
  private long numArrivals;

  SequenceTable(SchedulerLimits limits) {
    int n = limits.maxNumHandles();
    request = new Request[n];
    view = new HandleView[n];
    Arrays.setAll(view, handle -> new HandleView(this, handle));
    sampleIndex = new int[n];
    leader = new int[n];
    nextSample = new int[n];
    numLiveSamples = new int[n];
    requestId = new long[n];
    arrivalIndex = new long[n];
    arrivalNanos = new long[n];
    lastRowNanos = new long[n];
    seed = new long[n];
    priority = new int[n];
    adapter = new int[n];
    numPrompt = new int[n];
    numTokens = new int[n];
    numUnread = new int[n];
    maxNumTokens = new int[n];
    numComputed = new int[n];
    maxComputed = new int[n];
    writableEnd = new int[n];
    nextFull = new int[n];
    numDrafts = new int[n];
    numDraftsInFlight = new int[n];
    draftLength = new int[n];
    chosenLength = new int[n];
    numPreemptions = new int[n];
    row = new int[n];
    slot = new int[n];
    isAttached = new boolean[n];
    resultEpoch = new int[n];
    blockEpoch = new int[n];
    status = new byte[n];
    Arrays.fill(status, FINISHED);
    sampling = new SamplingParameters[n];
    asks = new byte[n];
    isPrefill = new boolean[n];
    isSkipped = new boolean[n];
    freeHandles = new int[n];
    Arrays.setAll(freeHandles, i -> n - 1 - i);
    numFreeHandles = n;
  }

  int numFreeHandles() {
    return numFreeHandles;
  }

  int numKnown(int handle) {
    return numTokens[handle] - numUnread[handle];
  }

  int numOutput(int handle) {
    return numKnown(handle) - numPrompt[handle];
  }

  Request requestOf(int handle) {
    return Objects.requireNonNull(request[handle]);
  }

  /**
   * Opens a handle for every sample, chained from the leader, which is returned; the others unborn.
   */
  int open(Request added, long requestSeed, long nowNanos, int maxModelLen) {
    int numSamples = added.sampling().numSamples();
    int first = NONE;
    int previous = NONE;
    for (int sample = 0; sample < numSamples; sample++) {
      int handle = freeHandles[--numFreeHandles];
      first = sample == 0 ? handle : first;
      if (previous != NONE) {
        nextSample[previous] = handle;
      }
      openSample(handle, added, sample, maxModelLen);
      leader[handle] = first;
      seed[handle] = SequenceSeed.ofSample(requestSeed, sample);
      arrivalNanos[handle] = added.arrivalNanos() == Request.ARRIVES_WHEN_ADDED
          ? nowNanos : added.arrivalNanos();
      lastRowNanos[handle] = arrivalNanos[handle];
      previous = handle;
    }
    numLiveSamples[first] = numSamples;
    return first;
  }

  private void openSample(int handle, Request added, int sample, int maxModelLen) {
    int prompt = added.numPromptTokens();
    request[handle] = added;
    sampleIndex[handle] = sample;
    nextSample[handle] = NONE;
    requestId[handle] = added.id();
    arrivalIndex[handle] = numArrivals++;
    priority[handle] = added.priority();
    adapter[handle] = added.adapterId();
    numPrompt[handle] = prompt;
    numTokens[handle] = prompt;
    numUnread[handle] = 0;
    maxNumTokens[handle] =
        (int) Math.min((long) prompt + added.sampling().maxNewTokens(), maxModelLen);
    sampling[handle] = added.sampling();
    asks[handle] = asksOf(added);
    numComputed[handle] = 0;
    writableEnd[handle] = 0;
    maxComputed[handle] = 0;
    numDrafts[handle] = 0;
    numDraftsInFlight[handle] = 0;
    draftLength[handle] = 0;
    chosenLength[handle] = 0;
    numPreemptions[handle] = 0;
    row[handle] = NONE;
    slot[handle] = NONE;
    isAttached[handle] = false;
    resultEpoch[handle]++;
    blockEpoch[handle]++;
    status[handle] = UNBORN;
    isPrefill[handle] = true;
    isSkipped[handle] = false;
  }

  private static byte asksOf(Request added) {
    SamplingParameters parameters = added.sampling();
    int asks = added.adapterId() != 0 ? ASKS_ADAPTER : 0;
    asks += added.tokenMask() != null ? ASKS_MASK : 0;
    asks += parameters.numLogprobs() != SamplingParameters.NO_LOGPROBS ? ASKS_LOGPROBS : 0;
    asks += parameters.numStopTokens() > 0 ? ASKS_STOP_TOKENS : 0;
    return (byte) asks;
  }

  boolean asksFor(int handle, byte wish) {
    return (asks[handle] & wish) != 0;
  }

  /** Takes back the last {@link #open}: handles and arrivals go on as if it had not been. */
  void undoOpen(int first) {
    for (int handle = first; handle != NONE; handle = nextSample[handle]) {
      request[handle] = null;
      numFreeHandles++; // They were taken from the end, where they still are.
      numArrivals--;
    }
  }

  /** Gives the handles of a whole request back. */
  void closeRequest(int first) {
    for (int handle = first; handle != NONE; handle = nextSample[handle]) {
      request[handle] = null;
      freeHandles[numFreeHandles++] = handle;
    }
  }

  /** Names a sequence in messages. */
  String name(int handle) {
    return "request " + requestId[handle] + " sample " + sampleIndex[handle];
  }
}
