package dev.weft.schedulerapi;

/** A read-only list that stays stable, size and order, during one {@link SchedulingPolicy#plan}. */
public interface SequenceList {
  int size();

  /**
   * The sequence at an index, 0 to {@code size() - 1}. Cost O(1) for the running list and when the
   * indices are asked in ascending order, O(log size) otherwise.
   */
  SequenceView get(int index);
}
