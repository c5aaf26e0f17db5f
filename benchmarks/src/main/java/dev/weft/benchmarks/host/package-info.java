/** How fast the host executor computes, beside another engine and beside the machine's limits. */
@NullMarked
package dev.weft.benchmarks.host;

import org.jspecify.annotations.NullMarked;
