package dev.weft.benchmarks;

import java.util.List;
import java.util.Map;

/**
 * A step of {@link NaiveScheduler}, by request id.
 *
 * @param numTokens   tokens to compute, in the order of rows
 * @param newBlockIds blocks that the request did not hold before
 * @param preempted   who lost its blocks
 * @param finished    who ended since the last step
 */
record NaiveStep(Map<Long, Integer> numTokens, Map<Long, List<Integer>> newBlockIds,
    List<Long> preempted, List<Long> finished) {}
