/** The engine: scheduler, paged KV and executor wired together. */
@NullMarked
package dev.weft.engine;

import org.jspecify.annotations.NullMarked;
