/** A tour of Weft in numbered examples, one file each; the table is in {@code README.md}. */
@NullMarked
package dev.weft.examples.tour;

import org.jspecify.annotations.NullMarked;
