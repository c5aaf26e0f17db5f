package dev.weft.examples.planted.pagedkv;

import java.nio.file.Files;
import java.nio.file.Path;

final class ReadsFile {
  boolean isThere(Path path) {
    return Files.exists(path);
  }
}
