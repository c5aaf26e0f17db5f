package dev.weft.examples.planted.batching;

import org.jctools.queues.MpscArrayQueue;

final class UsesUnsafeQueue {
  Object queue() {
    return new MpscArrayQueue<String>(2);
  }
}
