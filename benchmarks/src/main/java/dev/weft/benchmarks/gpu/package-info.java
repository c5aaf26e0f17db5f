/** How fast the CUDA executor serves; benchmarks/gpu/run puts peers and floors beside it. */
@NullMarked
package dev.weft.benchmarks.gpu;

import org.jspecify.annotations.NullMarked;
