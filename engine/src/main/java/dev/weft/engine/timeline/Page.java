package dev.weft.engine.timeline;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The page as one piece of HTML: a frame with marks, in whose places go the style, the scripts and
 * the recording. It refers to nothing outside itself.
 */
final class Page {
  private static final List<String> SCRIPTS = List.of(
      "model.js", "axis.js", "lanes.js", "requests.js", "texts.js", "page.js");
  private static final String STYLE_MARK = "/*style*/";
  private static final String DATA_MARK = "/*recording*/";
  private static final String SCRIPT_MARK = "/*scripts*/";

  private Page() {}

  static void write(Recording recording, Appendable out) throws IOException {
    String frame = resource("timeline.html");
    int style = frame.indexOf(STYLE_MARK);
    int data = frame.indexOf(DATA_MARK);
    int script = frame.indexOf(SCRIPT_MARK);
    out.append(frame, 0, style).append(resource("timeline.css"));
    out.append(frame, style + STYLE_MARK.length(), data);
    new RecordingJson(recording, out).write();
    out.append(frame, data + DATA_MARK.length(), script);
    for (String name : SCRIPTS) {
      out.append(resource(name));
    }
    out.append(frame, script + SCRIPT_MARK.length(), frame.length());
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("the resource " + name + " is missing beside " + Page.class);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
