/** Turns the results of the benchmarks into the tables of docs/performance.md. */
@NullMarked
package dev.weft.benchmarks.table;

import org.jspecify.annotations.NullMarked;
