// emu_mma.h - mma.sync.m16n8k16 and cp.async for the emulator; see mma.cuh for what they are.
//
// The product is computed lane by lane from what the lanes of the warp hold, so a wrong fragment
// gives a wrong number as on the device. The order of its 16 additions is ours; a GPU has another.
//
// A copy may happen at any time between its start and the end of the wait for it. Round robin does
// it as late as possible, which finds a missing wait; the other schedules toss a coin for each
// copy, which also finds a target that is overwritten while another warp reads it.
#pragma once
#include <deque>
#include <unordered_map>

#include "emu.h"

namespace emu {

struct CopyToShared {
  void* to;
  const void* from;
  bool valid;
};

typedef std::deque<std::vector<CopyToShared>> CopyGroups;

// By thread of the block; the last group of a thread is the one that it has not committed yet.
inline thread_local std::unordered_map<unsigned, CopyGroups> copyGroups;

inline CopyGroups& groups_of_thread() {
  CopyGroups& mine = copyGroups[B->current->thread];
  if (mine.empty()) {
    mine.emplace_back();
  }
  return mine;
}

inline void run_copy(const CopyToShared& copy) {
  if (copy.valid) {
    memcpy(copy.to, copy.from, 16);
  } else {
    memset(copy.to, 0, 16);
  }
}

}  // namespace emu

static inline void copy_async(uint4* to, const uint4* from, bool valid) {
  emu::CopyToShared copy = {to, from, valid};
  if (emu::B->random && emu::next_random(emu::B->random) % 2) {
    emu::run_copy(copy);
  } else {
    emu::groups_of_thread().back().push_back(copy);
  }
}

static inline void commit_copies() { emu::groups_of_thread().emplace_back(); }

template <int Pending>
static inline void await_copies() {
  emu::CopyGroups& groups = emu::groups_of_thread();
  while (groups.size() > Pending + 1) {
    for (const emu::CopyToShared& copy : groups.front()) {
      emu::run_copy(copy);
    }
    groups.pop_front();
  }
}

