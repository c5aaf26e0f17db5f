import org.jspecify.annotations.NullMarked;

/** The scheduler: a single-threaded state machine that decides what every step computes. */
@NullMarked
@SuppressWarnings("requires-automatic") // Agrona
module dev.weft.batching {
  requires static transitive org.jspecify;
  requires transitive dev.weft.schedulerapi;
  requires org.agrona;

  exports dev.weft.batching;
  exports dev.weft.batching.policies;
}
