import org.jspecify.annotations.NullMarked;

/** Paged KV blocks, the prefix cache and copy-on-write forks. */
@NullMarked
module dev.weft.pagedkv {
  requires static transitive org.jspecify;
  requires transitive dev.weft.schedulerapi;
  requires org.eclipse.collections.impl;

  exports dev.weft.pagedkv;
}
