/** Events of Java Flight Recorder about what a scheduler does. */
@NullMarked
package dev.weft.engine.jfr;

import org.jspecify.annotations.NullMarked;
