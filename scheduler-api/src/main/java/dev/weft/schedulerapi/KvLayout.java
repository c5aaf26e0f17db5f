package dev.weft.schedulerapi;

import java.util.List;

/**
 * What one KV block holds.
 *
 * @param blockSize positions of one block
 * @param groups    layers that are kept in the same manner; a cache says which it can serve
 */
public record KvLayout(int blockSize, List<Group> groups) {
  /** How long a group's entries are needed. */
  public enum GroupKind {
    /** All positions, for ever. */
    FULL_ATTENTION,
    /** The last positions of a window. */
    SLIDING_WINDOW,
    /** One state that replaces all positions. */
    STATE
  }

  /**
   * Layers that share a block table.
   *
   * @param numLayers  layers in it, 1 or more
   * @param windowSize tokens of the window; 0 for kinds without one
   */
  public record Group(GroupKind kind, int numLayers, int windowSize) {
    /** Checks that a window is given exactly where the kind has one. */
    public Group {
      Check.inRange("numLayers", numLayers, 1, 1 << 16);
      boolean hasWindow = kind == GroupKind.SLIDING_WINDOW;
      Check.inRange("windowSize of " + kind, windowSize, hasWindow ? 1 : 0,
          hasWindow ? Integer.MAX_VALUE : 0);
    }
  }

  /** Checks that there is a group. */
  public KvLayout {
    Check.inRange("blockSize", blockSize, 1, 1 << 12);
    groups = List.copyOf(groups);
    Check.inRange("number of groups", groups.size(), 1, 16);
  }

  /** One group of layers with full attention. */
  public static KvLayout fullAttention(int blockSize) {
    return new KvLayout(blockSize, List.of(new Group(GroupKind.FULL_ATTENTION, 1, 0)));
  }
}
