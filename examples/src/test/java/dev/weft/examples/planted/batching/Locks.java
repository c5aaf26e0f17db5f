package dev.weft.examples.planted.batching;

import java.util.concurrent.locks.ReentrantLock;

final class Locks {
  ReentrantLock lock = new ReentrantLock();
}
