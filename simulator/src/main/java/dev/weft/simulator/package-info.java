/** Simulations in virtual time, traces, and the check of a stranger's policy. */
@NullMarked
package dev.weft.simulator;

import org.jspecify.annotations.NullMarked;
