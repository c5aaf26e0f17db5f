// emu_meetings.cpp - where threads of a block meet: the barrier of the block, the shuffles, votes
// and barriers of a warp, the matrix product; and copies that a thread starts and waits for.
//
// A meeting of a warp is a gathering of the lanes of a mask. Each lane leaves its bytes in a slot
// and waits; the last to come opens the gathering, and then all may read all slots. There are two
// sets of slots, used in turn, because a fast lane may be at the next meeting when a slow one has
// yet to read. The lanes must agree on the mask and on what they do, as on a device.
//
// Copies that a kernel starts with cp.async happen as late as possible in round robin, which finds
// a missing wait; in the other schedules each tosses a coin and may happen at once, which finds a
// target that is still being read.
#include <stdarg.h>
#include <stdio.h>

#include <algorithm>

#include "emu_fibers.h"

namespace emu {

namespace {

Slot slots[MAX_WARPS][32][2][32];

}  // namespace

void fail(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  leave_fiber(Outcome::FAILED, text);
}

void fail_address(const std::string& text) { leave_fiber(Outcome::ADDRESS, text); }

void block_barrier() {
  fibers[currentThread].wait = Wait::BLOCK;
  numAtBarrier++;
  yield();
}

int block_barrier_count(int predicate) {
  barrierCount += predicate != 0;
  block_barrier();
  return lastBarrierCount;
}

void interruption() {
  if (current->seed && current->seed % 2 == 0 && next_random() % 8 == 0) {
    yield();
  }
}

namespace {

// The lanes of the mask are all here, and with them what they know of each other's writes.
void synchronize_warp(unsigned mask) {
  Fiber* lanes = fibers + (currentThread & ~31u);
  unsigned latest = 0;
  for (unsigned left = mask; left; left &= left - 1) {
    latest = std::max(latest, lanes[__builtin_ctz(left)].numWarpSyncs);
  }
  for (unsigned left = mask; left; left &= left - 1) {
    lanes[__builtin_ctz(left)].numWarpSyncs = latest + 1;
  }
  who = pack_who(linearBlock, currentThread, numBarriers, latest + 1);
}

// As meet; the last lane to come computes for all.
const Slot* meet_and(Meeting kind, unsigned mask, const void* value, size_t bytes,
                     void (*compute)(Slot*)) {
  unsigned w = currentThread / 32;
  Warp& warp = warps[w];
  if (!(mask >> lane() & 1)) {
    fail("lane %u meets others with mask %08x, which leaves it out", lane(), mask);
  }
  mask &= warp.existing;
  unsigned place = __builtin_ctz(mask);
  Gathering& gathering = warp.gatherings[place];
  warp.used |= 1u << place;
  if (!gathering.arrived) {
    gathering.mask = mask;
    gathering.kind = kind;
    gathering.bytes = bytes;
  } else if (gathering.mask != mask || gathering.kind != kind || gathering.bytes != bytes) {
    fail("lanes of a warp meet in different operations, with masks %08x and %08x",
         gathering.mask, mask);
  }
  unsigned generation = gathering.generation;
  Slot* mine = slots[w][place][generation & 1];
  memcpy(mine[lane()], value, bytes);
  gathering.arrived |= 1u << lane();
  if (gathering.arrived == mask) {
    if (compute) {
      compute(mine);
    }
    if (kind == Meeting::SYNC) {
      synchronize_warp(mask);
    }
    gathering.arrived = 0;
    gathering.generation++;
  } else {
    Fiber& fiber = fibers[currentThread];
    fiber.wait = Wait::WARP;
    fiber.gathering = &gathering;
    fiber.generation = generation;
    yield();
  }
  return mine;
}

// What a lane brings to a product, and what it takes away.
struct Fragments {
  unsigned a[4];
  unsigned b[2];
  float c[4];
};

float low_half(unsigned word) { return __uint_as_float(word << 16); }

float high_half(unsigned word) { return __uint_as_float(word & 0xffff0000u); }

// With g = lane / 4 and t = lane % 4 a lane holds A[g][2t], A[g][2t+1] in a[0], eight rows further
// in a[1], eight columns further in a[2], both in a[3]; B[2t][g], B[2t+1][g] in b[0], eight rows
// further in b[1]; C[g][2t], C[g][2t+1], and the same eight rows further, in c. The order of the
// additions is that of k; a GPU has another.
void multiply(Slot* slots) {
  typedef float Row __attribute__((vector_size(32)));
  float a[16][16];
  Row b[16];
  Row c[16];
  for (int lane = 0; lane < 32; lane++) {
    const Fragments& own = *(const Fragments*)slots[lane];
    int g = lane / 4;
    int t = lane % 4 * 2;
    for (int i = 0; i < 4; i++) {
      a[g + i % 2 * 8][t + i / 2 * 8] = low_half(own.a[i]);
      a[g + i % 2 * 8][t + i / 2 * 8 + 1] = high_half(own.a[i]);
      c[g + i / 2 * 8][t + i % 2] = own.c[i];
    }
    for (int i = 0; i < 2; i++) {
      b[t + i * 8][g] = low_half(own.b[i]);
      b[t + i * 8 + 1][g] = high_half(own.b[i]);
    }
  }
  for (int row = 0; row < 16; row++) {
    for (int k = 0; k < 16; k++) {
      c[row] += a[row][k] * b[k];
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    Fragments& own = *(Fragments*)slots[lane];
    for (int i = 0; i < 4; i++) {
      own.c[i] = c[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
    }
  }
}

void run_copy(AsyncCopy& copy) {
  if (!copy.done && copy.valid) {
    touch_as_thread(copy.from, 16, Access::READ);
    memcpy(copy.to, copy.from, 16);
  } else if (!copy.done) {
    memset(copy.to, 0, 16);
  }
  copy.done = true;
}

}  // namespace

const Slot* meet(Meeting kind, unsigned mask, const void* value, size_t bytes) {
  return meet_and(kind, mask, value, bytes, nullptr);
}

void multiply_add(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  Fragments mine = {{a[0], a[1], a[2], a[3]}, {b0, b1}, {c[0], c[1], c[2], c[3]}};
  if (warps[currentThread / 32].existing != ~0u) {
    fail("a matrix product by a warp of fewer than 32 lanes");
  }
  const Slot* slots = meet_and(Meeting::MATRIX, ~0u, &mine, sizeof mine, multiply);
  memcpy(c, ((const Fragments*)slots[lane()])->c, sizeof c);
}

void copy_async(void* to, const void* from, bool valid) {
  if (((uintptr_t)to | (valid ? (uintptr_t)from : 0)) % 16) {
    fail("an asynchronous copy of 16 bytes between %p and %p", from, to);
  }
  Fiber& fiber = fibers[currentThread];
  touch_as_thread(to, 16, Access::START_COPY);
  fiber.copies.push_back({to, from, valid, fiber.group, false});
  if (current->seed && next_random() % 2) {
    run_copy(fiber.copies.back());
  }
}

void commit_copies() { fibers[currentThread].group++; }

void await_copies(int numPending) {
  Fiber& fiber = fibers[currentThread];
  size_t count = 0;
  while (count < fiber.copies.size() && fiber.copies[count].group + numPending < fiber.group) {
    run_copy(fiber.copies[count]);
    touch_as_thread(fiber.copies[count].to, 16, Access::END_COPY);
    count++;
  }
  fiber.copies.erase(fiber.copies.begin(), fiber.copies.begin() + count);
}

}  // namespace emu
