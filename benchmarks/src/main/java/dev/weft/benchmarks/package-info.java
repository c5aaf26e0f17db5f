/** Benchmarks of the scheduler and the KV cache; run by {@code tools/bench}. */
@NullMarked
package dev.weft.benchmarks;

import org.jspecify.annotations.NullMarked;
