import org.jspecify.annotations.NullMarked;

/** Drafters, and policies that decide how many drafts each sequence gets. */
@NullMarked
module dev.weft.speculative {
  requires static transitive org.jspecify;
  requires transitive dev.weft.schedulerapi;

  exports dev.weft.speculative;
}
