/** A flight recorder for schedulers, the files it writes, and a replayer of what is in them. */
@NullMarked
package dev.weft.engine.journal;

import org.jspecify.annotations.NullMarked;
