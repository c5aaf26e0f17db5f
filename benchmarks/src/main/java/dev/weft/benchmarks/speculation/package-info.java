/** What speculation gains on the host executor: {@code tools/bench-speculation}. */
@NullMarked
package dev.weft.benchmarks.speculation;

import org.jspecify.annotations.NullMarked;
