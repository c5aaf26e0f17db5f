/** Records what a scheduler did, and writes it down as a page for people or as a trace. */
@NullMarked
package dev.weft.engine.timeline;

import org.jspecify.annotations.NullMarked;
