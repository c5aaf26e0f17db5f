/** Benchmarks of what only the package of the paged KV cache can see. */
@NullMarked
package dev.weft.pagedkv;

import org.jspecify.annotations.NullMarked;
