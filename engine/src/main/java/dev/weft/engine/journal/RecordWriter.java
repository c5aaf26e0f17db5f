package dev.weft.engine.journal;

import java.nio.charset.StandardCharsets;

/**
 * Writes numbers into an array: small ones take few bytes (seven bits a byte, the lowest first; the
 * top bit says that more follow). The caller sees to the room.
 */
final class RecordWriter {
  byte[] bytes;
  int position;

  RecordWriter(byte[] bytes) {
    this.bytes = bytes;
  }

  void kind(RecordKind kind) {
    bytes[position++] = (byte) kind.code();
  }

  void octet(int value) {
    bytes[position++] = (byte) value;
  }

  /** A number that is mostly small and not negative; a negative one takes ten bytes. */
  void number(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes[position++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[position++] = (byte) rest;
  }

  /** A number that is mostly near zero. */
  void signed(long value) {
    number(value << 1 ^ value >> 63);
  }

  void int32(int value) {
    for (int shift = 0; shift < Integer.SIZE; shift += 8) {
      bytes[position++] = (byte) (value >>> shift);
    }
  }

  void int64(long value) {
    for (int shift = 0; shift < Long.SIZE; shift += 8) {
      bytes[position++] = (byte) (value >>> shift);
    }
  }

  void float32(float value) {
    int32(Float.floatToRawIntBits(value));
  }

  void text(String text) {
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    number(encoded.length);
    System.arraycopy(encoded, 0, bytes, position, encoded.length);
    position += encoded.length;
  }

  /** At most so many characters of a text, those outside ASCII as question marks; no garbage. */
  void label(String text, int maxLength) {
    int length = Math.min(text.length(), maxLength);
    number(length);
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      octet(c < 0x80 ? c : '?');
    }
  }
}
