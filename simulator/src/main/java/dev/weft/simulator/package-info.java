/** Simulations in virtual time, and the check of a stranger's policy. */
@NullMarked
package dev.weft.simulator;

import org.jspecify.annotations.NullMarked;
