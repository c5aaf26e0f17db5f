import org.jspecify.annotations.NullMarked;

/** The types that cross a module seam or that users implement: requests, plans, policies, ports. */
@NullMarked
module dev.weft.schedulerapi {
  requires static transitive org.jspecify;

  exports dev.weft.schedulerapi;
}
