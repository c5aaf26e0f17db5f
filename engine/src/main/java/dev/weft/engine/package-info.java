/** The engine: scheduler, paged KV and executor wired together, and the serving loop. */
@NullMarked
package dev.weft.engine;

import org.jspecify.annotations.NullMarked;
