package dev.weft.benchmarks.table;

import java.util.Map;

/** A page in Markdown; a table has its place between a comment with its name and one that ends. */
public final class Page {
  private static final String END = "<!-- end -->";

  private Page() {}

  /**
   * Puts each section into its place, instead of what is there.
   *
   * @throws IllegalStateException when a section has no place or a place no end
   */
  public static String fill(String page, Map<String, String> sections) {
    String filled = page;
    for (Map.Entry<String, String> section : sections.entrySet()) {
      String begin = "<!-- table: " + section.getKey() + " -->\n";
      int start = filled.indexOf(begin);
      int end = start < 0 ? -1 : filled.indexOf(END, start);
      if (end < 0) {
        throw new IllegalStateException("the page has no place for " + section.getKey());
      }
      filled = filled.substring(0, start) + begin + "\n" + section.getValue() + "\n"
          + filled.substring(end);
    }
    return filled;
  }
}
