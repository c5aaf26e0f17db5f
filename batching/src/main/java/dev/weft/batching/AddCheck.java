package dev.weft.batching;

import static dev.weft.schedulerapi.AddResult.refused;

import dev.weft.schedulerapi.AddResult;
import dev.weft.schedulerapi.AddResult.Refusal;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SchedulerLimits;

/** Decides whether a request can wait at all, before anything is changed for it. */
final class AddCheck {
  private final Core core;
  private final SchedulerLimits limits;

  AddCheck(Core core) {
    this.core = core;
    limits = core.limits;
  }

  /** ACCEPTED, or the first reason against it. Cost O(prompt). */
  AddResult check(Request request, long nowNanos) {
    AddResult result = checkRequest(request);
    return result.isAccepted() ? checkState(request, nowNanos) : result;
  }

  /** The part of {@link #check} that depends on nothing that changes. */
  AddResult checkRequest(Request request) {
    AddResult result = checkLengths(request);
    if (result.isAccepted()) {
      result = checkTokens(request);
    }
    return result.isAccepted() ? checkCapabilities(request) : result;
  }

  private AddResult checkLengths(Request request) {
    int prompt = request.numPromptTokens();
    if (prompt >= limits.maxModelLen()) {
      return refused(Refusal.PROMPT_TOO_LONG, name(request) + "promptTokens has " + prompt
          + " tokens, at most " + (limits.maxModelLen() - 1) + " leave room for an output");
    }
    int numSamples = request.sampling().numSamples();
    int maxSamples = Math.min(limits.maxNumSeqs(), limits.maxNumWaiting());
    if (numSamples > maxSamples) {
      return refused(Refusal.TOO_MANY_SAMPLES, name(request) + "numSamples is " + numSamples
          + ", at most " + maxSamples + " sequences may run and wait");
    }
    long longest =
        Math.min((long) prompt + request.sampling().maxNewTokens(), limits.maxModelLen());
    long numPositions = Math.min(longest - 1 + limits.numLookaheadTokens(), limits.maxModelLen());
    long numBlocks = (numPositions + core.blockSize() - 1) / core.blockSize();
    if (numBlocks > core.kvCache.numBlocks() && !core.acceptsWhatNeverFits) {
      return refused(Refusal.NEVER_FITS, name(request) + "promptTokens + maxNewTokens = " + longest
          + " tokens need " + numBlocks + " KV blocks, the pool has " + core.kvCache.numBlocks());
    }
    return AddResult.ACCEPTED;
  }

  private AddResult checkTokens(Request request) {
    for (int i = 0; i < request.numPromptTokens(); i++) {
      if (request.promptToken(i) >= limits.vocabularySize()) {
        return invalidToken(request, "promptTokens[" + i + "]", request.promptToken(i));
      }
    }
    SamplingParameters sampling = request.sampling();
    for (int i = 0; i < sampling.numStopTokens(); i++) {
      if (sampling.stopTokenId(i) >= limits.vocabularySize()) {
        return invalidToken(request, "stopTokenIds", sampling.stopTokenId(i));
      }
    }
    for (int i = 0; i < sampling.numBiasedTokens(); i++) {
      if (sampling.biasedTokenId(i) >= limits.vocabularySize()) {
        return invalidToken(request, "logitBias", sampling.biasedTokenId(i));
      }
    }
    return AddResult.ACCEPTED;
  }

  private AddResult invalidToken(Request request, String field, int token) {
    return refused(Refusal.INVALID_TOKEN, name(request) + field + " is " + token
        + ", must be below the vocabulary size " + limits.vocabularySize());
  }

  private AddResult checkCapabilities(Request request) {
    SamplingParameters sampling = request.sampling();
    if (sampling.numLogprobs() > core.spec.maxNumLogprobs()) {
      return refused(Refusal.UNSUPPORTED, name(request) + "numLogprobs is " + sampling.numLogprobs()
          + ", the executor reports at most " + core.spec.maxNumLogprobs());
    }
    if (request.tokenMask() != null && !core.spec.supportsMasks()) {
      return refused(Refusal.UNSUPPORTED, name(request) + "tokenMask: the executor takes no masks");
    }
    if (!core.spec.verifications().contains(sampling.verification())) {
      return refused(Refusal.UNSUPPORTED, name(request) + "verification is "
          + sampling.verification() + ", the executor cannot verify so");
    }
    if (request.adapterId() != 0 && !core.spec.supportsAdapters()) {
      return refused(Refusal.UNSUPPORTED, name(request) + "adapterId is " + request.adapterId()
          + ", the executor has no adapters and takes 0");
    }
    if (sampling.numSamples() > 1 && !core.spec.supportsBlockCopies()) {
      return refused(Refusal.UNSUPPORTED, name(request) + "numSamples is " + sampling.numSamples()
          + ", the executor cannot copy blocks and takes 1");
    }
    return AddResult.ACCEPTED;
  }

  private AddResult checkState(Request request, long nowNanos) {
    if (core.leaders.get(request.id()) != Core.NO_HANDLE) {
      return refused(Refusal.DUPLICATE_ID, name(request) + "a live request has this id");
    }
    if (request.deadlineNanos() != Request.NO_DEADLINE && request.deadlineNanos() <= nowNanos) {
      return refused(Refusal.EXPIRED, name(request) + "deadlineNanos is " + request.deadlineNanos()
          + ", now is " + nowNanos);
    }
    int numSamples = request.sampling().numSamples();
    int numWaiting = core.numSequencesWaiting();
    if (numWaiting + numSamples > core.caps.maxNumWaiting()) {
      return refused(Refusal.FULL, name(request) + numWaiting + " sequences wait and it brings "
          + numSamples + ", at most " + core.caps.maxNumWaiting() + " may wait");
    }
    int numTaken = limits.maxNumHandles() - core.table.numFreeHandles();
    if (numTaken + numSamples > limits.maxNumHandles()) {
      return refused(Refusal.FULL, name(request) + numTaken
          + " sequences live or belong to a live request and it brings " + numSamples + ", at most "
          + limits.maxNumHandles() + " may");
    }
    return AddResult.ACCEPTED;
  }

  private static String name(Request request) {
    return "request " + request.id() + ": ";
  }
}
