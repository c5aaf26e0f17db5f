package dev.weft.engine.journal;

/** Reads what {@link RowCodec} wrote, and what stands before it. */
final class PlannedReader {
  private final SequenceBook book;
  private final Introduction introduction;
  /** Rows of {@link PlannedStep} that introduce their sequence; for those who need to know. */
  private IntroductionListener listener = place -> { };

  PlannedReader(SequenceBook book, Introduction introduction) {
    this.book = book;
    this.introduction = introduction;
  }

  /** Is told of introductions within rows, which are read one after another. */
  interface IntroductionListener {
    void onIntroduction(int place);
  }

  void setListener(IntroductionListener value) {
    listener = value;
  }

  void read(RecordReader in, PlannedStep step) throws JournalFormatException {
    step.stepId = in.number();
    step.load.read(in);
    step.sums.read(in);
    step.numRows = 0;
    if (step.isEmpty()) {
      return;
    }
    int numRows = in.number("number of rows", book.maxNumRows);
    readRows(in, step, numRows);
    book.endRows(numRows);
    if (book.isFull()) {
      throw in.broken("step " + step.stepId + " is planned with as many in flight as may be");
    }
    SequenceBook.InFlight launched = book.launch(step.stepId);
    for (int row = 0; row < numRows; row++) {
      launched.isSampled[row] = step.has(row, RowCodec.IS_SAMPLED);
    }
  }

  private void readRows(RecordReader in, PlannedStep step, int numRows)
      throws JournalFormatException {
    int[] before = book.lastRows;
    int numBefore = book.numLastRows;
    int at = 0;
    while (step.numRows < numRows) {
      long word = in.number();
      int argument = (int) Math.min(Math.max(0, word >>> 2), Integer.MAX_VALUE);
      switch ((int) (word & 3)) {
        case RowCodec.KEEP -> {
          if (argument < 1 || argument > numBefore - at || argument > numRows - step.numRows) {
            throw in.broken(argument + " rows are as before, there are " + (numBefore - at)
                + " and " + (numRows - step.numRows) + " are missing");
          }
          for (int end = at + argument; at < end; at++) {
            keep(step, before[at]);
          }
        }
        case RowCodec.SKIP -> {
          if (argument < 1 || argument > numBefore - at) {
            throw in.broken(argument + " rows are gone, there are " + (numBefore - at));
          }
          at += argument;
        }
        case RowCodec.ROW -> {
          if (argument >= book.maxNumPlaces) {
            throw in.broken("place is " + argument + ", must be below " + book.maxNumPlaces);
          }
          readRow(in, step, argument);
          if (at < numBefore && before[at] == argument) {
            at++;
          }
        }
        default -> throw in.broken("neither rows as before nor a row");
      }
    }
  }

  private void keep(PlannedStep step, int place) {
    int row = step.numRows++;
    step.place[row] = place;
    step.start[row] = book.lastEnd[place];
    step.numTokens[row] = 1;
    step.numDrafts[row] = 0;
    step.flags[row] =
        RowCodec.IS_SAMPLED | (book.wasOnDevice[place] ? RowCodec.IS_ON_DEVICE : 0);
    book.addRow(row, place, book.lastEnd[place] + 1, book.wasOnDevice[place]);
  }

  private void readRow(RecordReader in, PlannedStep step, int place)
      throws JournalFormatException {
    int row = step.numRows++;
    int flags = in.number("flags of a row", RowCodec.ALL_FLAGS);
    long start;
    if ((flags & RowCodec.IS_INTRODUCED) != 0) {
      introduction.read(in, place, book);
      listener.onIntroduction(place);
      start = in.number();
    } else {
      start = book.lastEnd[place] + in.signed();
    }
    if (start < 0 || start > Integer.MAX_VALUE / 2) {
      throw in.broken("a row begins at position " + start);
    }
    step.place[row] = place;
    step.start[row] = (int) start;
    step.numTokens[row] = in.number("tokens of a row", Integer.MAX_VALUE / 2);
    step.numDrafts[row] = (flags & RowCodec.HAS_DRAFTS) == 0 ? 0
        : in.number("drafts of a row", step.numTokens[row]);
    step.flags[row] = flags & ~(RowCodec.IS_INTRODUCED | RowCodec.HAS_DRAFTS);
    book.addRow(row, place, (int) start + step.numTokens[row],
        (flags & RowCodec.IS_ON_DEVICE) != 0);
  }

}
