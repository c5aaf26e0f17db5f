package dev.weft.examples;

import com.sun.source.tree.BlockTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** Rules about the text of Java files; each answers what breaks it, as {@code path:line: what}. */
final class SourceRules {
  static final int MAX_LINE_LENGTH = 100;
  static final int MAX_METHOD_LINES = 70;

  /** In two parts each, so that this file does not hold the words. */
  private static final Pattern LEFT_FOR_LATER = Pattern.compile("\\b(TO" + "DO|FIX" + "ME)\\b");

  private SourceRules() {}

  /** Lines of more columns than fit beside each other. */
  static List<String> longLines(List<SourceFile> files) {
    List<String> found = new ArrayList<>();
    for (SourceFile file : files) {
      List<String> lines = file.text().lines().toList();
      for (int i = 0; i < lines.size(); i++) {
        int length = lines.get(i).codePointCount(0, lines.get(i).length());
        if (length > MAX_LINE_LENGTH) {
          found.add(file.path() + ":" + (i + 1) + ": " + length + " columns");
        }
      }
    }
    return found;
  }

  /** Words that say that something is not done. */
  static List<String> wordsForLater(List<SourceFile> files) {
    List<String> found = new ArrayList<>();
    for (SourceFile file : files) {
      List<String> lines = file.text().lines().toList();
      for (int i = 0; i < lines.size(); i++) {
        if (LEFT_FOR_LATER.matcher(lines.get(i)).find()) {
          found.add(file.path() + ":" + (i + 1) + ": " + lines.get(i).strip());
        }
      }
    }
    return found;
  }

  /** Packages of main code without a sentence about what they are. */
  static List<String> packagesWithoutInfo(List<SourceFile> files) {
    Set<String> folders = new TreeSet<>();
    Set<String> described = new TreeSet<>();
    for (SourceFile file : files) {
      int end = file.path().lastIndexOf('/');
      String folder = file.path().substring(0, end);
      String name = file.path().substring(end + 1);
      if (folder.contains("/src/main/java/")) {
        folders.add(folder);
      }
      if (name.equals("package-info.java") && file.text().contains("/**")) {
        described.add(folder);
      }
    }
    folders.removeAll(described);
    return folders.stream().map(folder -> folder + ": no package-info.java").toList();
  }

  /** Methods, constructors and initialisers that do not fit a screen, annotations counted in. */
  static List<String> longMethods(List<SourceFile> files) throws IOException {
    JavacTask compiler = (JavacTask) ToolProvider.getSystemJavaCompiler()
        .getTask(null, null, null, List.of("-proc:none"), null, files);
    Trees trees = Trees.instance(compiler);
    List<String> found = new ArrayList<>();
    for (CompilationUnitTree unit : compiler.parse()) {
      MethodLengths lengths = new MethodLengths(trees.getSourcePositions(), unit);
      lengths.scan(unit, null);
      found.addAll(lengths.found);
    }
    return found;
  }

  /** Measures the methods of one file; a method inside another one counts for both. */
  private static final class MethodLengths extends TreePathScanner<Void, Void> {
    private final SourcePositions positions;
    private final CompilationUnitTree unit;
    private final List<String> found = new ArrayList<>();

    MethodLengths(SourcePositions positions, CompilationUnitTree unit) {
      this.positions = positions;
      this.unit = unit;
    }

    @Override public Void visitMethod(MethodTree method, @Nullable Void unused) {
      measure(method, method.getName().toString());
      return super.visitMethod(method, null);
    }

    @Override public Void visitBlock(BlockTree block, @Nullable Void unused) {
      if (getCurrentPath().getParentPath().getLeaf().getKind() == Tree.Kind.CLASS) {
        measure(block, "an initialiser");
      }
      return super.visitBlock(block, null);
    }

    private void measure(Tree tree, String name) {
      long first = line(positions.getStartPosition(unit, tree));
      long last = line(positions.getEndPosition(unit, tree));
      long numLines = last - first + 1;
      if (numLines > MAX_METHOD_LINES) {
        String path = unit.getSourceFile().toUri().getPath().substring(1);
        found.add(path + ":" + first + ": " + name + " has " + numLines + " lines");
      }
    }

    private long line(long position) {
      return unit.getLineMap().getLineNumber(position);
    }
  }
}
