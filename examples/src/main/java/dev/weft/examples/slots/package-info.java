/** An engine that knows nothing of Weft, and the executor that puts it behind the scheduler. */
@NullMarked
package dev.weft.examples.slots;

import org.jspecify.annotations.NullMarked;
