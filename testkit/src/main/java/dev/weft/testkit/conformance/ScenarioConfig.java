package dev.weft.testkit.conformance;

/**
 * The engine of a scenario, in the terms of the schema.
 *
 * @param blockSize             tokens of a KV block
 * @param numBlocks             blocks of the pool, the null block 0 included
 * @param maxNumSeqs            sequences that may run at once
 * @param maxNumBatchedTokens   tokens of one step
 * @param maxModelLen           prompt plus output of one request
 * @param cachesPrefixes        whether full blocks can be found by their content
 * @param usesPriorities        serves by priority instead of first come, first served
 * @param maxNumTokensPerRow    most tokens of one request in a step; 0 = not limited
 * @param chunksPrompts         whether a prompt may be computed in parts
 * @param reservesFullPrompt    whether blocks for all known tokens must be free at admission
 * @param watermark             share of the blocks that stay free when a request joins others
 * @param maxNumAdapters        different adapters in one step; 0 = not limited
 * @param speculation           what the drafter asks for
 */
public record ScenarioConfig(int blockSize, int numBlocks, int maxNumSeqs, int maxNumBatchedTokens,
    int maxModelLen, boolean cachesPrefixes, boolean usesPriorities, int maxNumTokensPerRow,
    boolean chunksPrompts, boolean reservesFullPrompt, double watermark, int maxNumAdapters,
    Speculation speculation) {}
