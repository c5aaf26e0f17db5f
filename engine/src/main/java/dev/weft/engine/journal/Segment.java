package dev.weft.engine.journal;

/**
 * Records that can be understood without those before them.
 *
 * @param number     counts from 0
 * @param records    never written to
 * @param fileOffset place of the first record in the file
 * @param isComplete false when the file ended within it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Segment(long number, byte[] records, long fileOffset, boolean isComplete) {}
