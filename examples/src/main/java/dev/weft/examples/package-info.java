/** Runnable examples of an embedding server. */
@NullMarked
package dev.weft.examples;

import org.jspecify.annotations.NullMarked;
