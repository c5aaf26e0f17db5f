/** Step executors: they compute the plans that the scheduler makes. */
@NullMarked
package dev.weft.gpuexecutor;

import org.jspecify.annotations.NullMarked;
