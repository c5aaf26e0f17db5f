import org.jspecify.annotations.NullMarked;

/** Paged KV blocks, the prefix cache and copy-on-write forks. */
@NullMarked
@SuppressWarnings("requires-automatic") // Agrona
module dev.weft.pagedkv {
  requires static transitive org.jspecify;
  requires transitive dev.weft.schedulerapi;
  requires org.agrona;
  requires org.eclipse.collections.api;
  requires org.eclipse.collections.impl;
}
