package dev.weft.batching;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.TokenSequence;
import java.util.Arrays;
import java.util.Objects;

/**
 * The token ids of all live sequences, in pages of 256 from one pool. A sequence has a directory of
 * as many pages as it can come to need, and holds those that its tokens reach. Pages go back to the
 * pool when a sequence is cut or closed; the pool grows by doubling and never shrinks. Its growth
 * is the only thing here that allocates while a step is planned or applied, and it is counted.
 */
final class TokenPages {
  static final int PAGE_SIZE = 256;
  private static final int PAGE_SHIFT = 8;
  private static final int PAGE_MASK = PAGE_SIZE - 1;
  private static final int FIRST_NUM_PAGES = 16;
  private static final int[] NO_PAGE = new int[0];
  private static final int NOT_OPEN = -1;

  private final int[][][] directory;
  private final int[] numTokens;
  private final int[] maxNumTokens;
  /** The last token of each sequence once more: a decode reads no other, and here no page. */
  private final int[] lastToken;
  /** The page of the last token, so that a decode needs no way through the directory. */
  private final int[][] lastPage;
  private final Cursor cursor = new Cursor();
  private int[][] freePages = new int[0][];
  private int numFreePages;
  private int numPages;
  private long numGrowths;

  TokenPages(int maxNumHandles) {
    directory = new int[maxNumHandles][][];
    Arrays.fill(directory, new int[0][]);
    numTokens = new int[maxNumHandles];
    Arrays.fill(numTokens, NOT_OPEN);
    maxNumTokens = new int[maxNumHandles];
    lastToken = new int[maxNumHandles];
    lastPage = new int[maxNumHandles][];
    Arrays.fill(lastPage, NO_PAGE);
  }

  // ---- life of a sequence

  /** Starts a sequence that may come to have {@code maxNumTokens}; allocates a directory. */
  void open(int handle, int maxNumTokens) {
    if (numTokens[handle] != NOT_OPEN) {
      throw new IllegalStateException(
          "handle " + handle + " is open, " + numTokens[handle] + " tokens");
    }
    int numDirectoryPages = numPagesOf(maxNumTokens);
    if (directory[handle].length < numDirectoryPages) {
      directory[handle] = new int[numDirectoryPages][];
      Arrays.fill(directory[handle], NO_PAGE);
    }
    this.maxNumTokens[handle] = maxNumTokens;
    numTokens[handle] = 0;
  }

  int numTokens(int handle) {
    return numTokens[handle];
  }

  /** Appends all prompt tokens; the pool grows at most once for it. */
  void appendAll(int handle, Request prompt) {
    int begin = numTokens[handle];
    extend(handle, prompt.numPromptTokens());
    for (int done = 0; done < prompt.numPromptTokens(); ) {
      int offset = (begin + done) & PAGE_MASK;
      int n = Math.min(PAGE_SIZE - offset, prompt.numPromptTokens() - done);
      prompt.copyPromptTokens(done, page(handle, begin + done), offset, n);
      done += n;
    }
    noteLastToken(handle);
  }

  void append(int handle, int token) {
    if (!hasPlace(handle, 1)) {
      reach(handle, 1);
    }
    put(handle, token);
  }

  /** True when the page of the last token has room for so many more, and the sequence too. */
  boolean hasPlace(int handle, int numNewTokens) {
    int last = numTokens[handle] - 1;
    return (last & PAGE_MASK) + numNewTokens < PAGE_SIZE
        && last + numNewTokens < maxNumTokens[handle] && last >= 0;
  }

  /** Appends a token without a check; only where {@link #hasPlace}. */
  void put(int handle, int token) {
    int position = numTokens[handle]++;
    lastPage[handle][position & PAGE_MASK] = token;
    lastToken[handle] = token;
  }

  /** Appends the first {@code numTokens} tokens of one sequence to another. */
  void copyAll(int fromHandle, int toHandle, int numTokens) {
    checkRange(fromHandle, 0, numTokens);
    int begin = this.numTokens[toHandle];
    extend(toHandle, numTokens);
    for (int done = 0; done < numTokens; ) {
      int offset = (begin + done) & PAGE_MASK;
      int n = Math.min(PAGE_SIZE - offset, numTokens - done);
      copy(fromHandle, done, page(toHandle, begin + done), offset, n);
      done += n;
    }
    noteLastToken(toHandle);
  }

  /** Forgets the tokens from position {@code numTokens} on and gives back the pages behind it. */
  void truncate(int handle, int numTokens) {
    checkRange(handle, 0, numTokens);
    int[][] pages = directory[handle];
    for (int i = numPagesOf(this.numTokens[handle]) - 1; i >= numPagesOf(numTokens); i--) {
      freePages[numFreePages++] = pages[i];
      pages[i] = NO_PAGE;
    }
    this.numTokens[handle] = numTokens;
    noteLastToken(handle);
  }

  private void noteLastToken(int handle) {
    int last = numTokens[handle] - 1;
    lastPage[handle] = last < 0 ? NO_PAGE : page(handle, last);
    lastToken[handle] = last < 0 ? 0 : lastPage[handle][last & PAGE_MASK];
  }

  /** Ends the sequence and gives back its pages. */
  void close(int handle) {
    truncate(handle, 0);
    numTokens[handle] = NOT_OPEN;
  }

  // ---- tokens

  /** Replaces a token, 0 to {@code numTokens(handle) - 1}. */
  void set(int handle, int position, int token) {
    checkRange(handle, position, 1);
    page(handle, position)[position & PAGE_MASK] = token;
    noteLastToken(handle);
  }

  /** The last token; there must be one. */
  int last(int handle) {
    return lastToken[handle];
  }

  int token(int handle, int position) {
    checkRange(handle, position, 1);
    return page(handle, position)[position & PAGE_MASK];
  }

  /** Copies {@code n} tokens from {@code position} on into {@code target[offset…]}. */
  void copy(int handle, int position, int[] target, int offset, int n) {
    checkRange(handle, position, n);
    if (n == 1 && position == numTokens[handle] - 1) {
      target[offset] = lastToken[handle];
      return;
    }
    int first = position & PAGE_MASK;
    if (position - first + PAGE_SIZE >= numTokens[handle] && n > 0) {
      System.arraycopy(lastPage[handle], first, target, offset, n);
      return;
    }
    for (int done = 0; done < n; ) {
      int start = (position + done) & PAGE_MASK;
      int length = Math.min(PAGE_SIZE - start, n - done);
      System.arraycopy(page(handle, position + done), start, target, offset + done, length);
      done += length;
    }
  }

  /** The first tokens of a sequence; always the same object, valid until the next call. */
  TokenSequence view(int handle, int numTokens) {
    checkRange(handle, 0, numTokens);
    cursor.handle = handle;
    cursor.numTokens = numTokens;
    return cursor;
  }

  // ---- the pool

  /** How often the pool had to allocate pages. */
  long numGrowths() {
    return numGrowths;
  }

  int numFreePages() {
    return numFreePages;
  }

  /** Throws when a page is lost or a sequence has more or fewer than its tokens reach; O(pages). */
  void checkIntegrity() {
    int numHeld = 0;
    for (int handle = 0; handle < directory.length; handle++) {
      int numReached = numPagesOf(Math.max(0, numTokens[handle]));
      for (int i = 0; i < directory[handle].length; i++) {
        if ((directory[handle][i] == NO_PAGE) == (i < numReached)) {
          throw new IllegalStateException("handle " + handle + ": " + numTokens[handle]
              + " tokens, directory differs at page " + i);
        }
      }
      numHeld += numReached;
    }
    if (numHeld + numFreePages != numPages) {
      throw new IllegalStateException(
          numHeld + " pages held + " + numFreePages + " free of " + numPages);
    }
  }

  private void extend(int handle, int numNewTokens) {
    reach(handle, numNewTokens);
    numTokens[handle] += numNewTokens;
  }

  /** Takes the pages that so many more tokens need. */
  private void reach(int handle, int numNewTokens) {
    int begin = numTokens[handle];
    if (begin == NOT_OPEN || numNewTokens > maxNumTokens[handle] - begin) {
      throw new IllegalArgumentException("handle " + handle + ": " + begin + " + " + numNewTokens
          + " tokens of at most " + maxNumTokens[handle]);
    }
    int numHeld = numPagesOf(begin);
    int numReached = numPagesOf(begin + numNewTokens);
    if (numReached - numHeld > numFreePages) {
      grow(numReached - numHeld - numFreePages);
    }
    for (int i = numHeld; i < numReached; i++) {
      lastPage[handle] = freePages[--numFreePages];
      directory[handle][i] = lastPage[handle];
    }
  }

  private void grow(int numMissingPages) {
    int numNewPages = Math.max(numMissingPages, Math.max(numPages, FIRST_NUM_PAGES));
    numPages += numNewPages;
    numGrowths++;
    freePages = Arrays.copyOf(freePages, numPages);
    for (int i = 0; i < numNewPages; i++) {
      freePages[numFreePages++] = new int[PAGE_SIZE];
    }
  }

  private static int numPagesOf(int numTokens) {
    return (numTokens + PAGE_MASK) >>> PAGE_SHIFT;
  }

  private int[] page(int handle, int position) {
    return directory[handle][position >>> PAGE_SHIFT];
  }

  private void checkRange(int handle, int position, int n) {
    if (position < 0 || n < 0 || position > numTokens[handle] - n) {
      throw new IllegalArgumentException("handle " + handle + ": " + n + " tokens from position "
          + position + " of " + numTokens[handle]);
    }
  }

  private final class Cursor implements TokenSequence {
    private int handle;
    private int numTokens;

    @Override public int numTokens() {
      return numTokens;
    }

    @Override public int token(int position) {
      Objects.checkIndex(position, numTokens);
      return page(handle, position)[position & PAGE_MASK];
    }

    @Override public void copyTokens(int position, int[] target, int offset, int n) {
      Objects.checkFromIndexSize(position, n, numTokens);
      copy(handle, position, target, offset, n);
    }
  }
}
