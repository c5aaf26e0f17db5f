// races.cpp - finds accesses to memory that nothing orders, whatever the order in which they ran.
//
// Idea: every two bytes of memory have a cell that says who last wrote and who last read them. A
// new access is checked against the cell. Between threads of a kernel there is order when they are
// the same thread, when both passed a block barrier in between, or, in one warp, a __syncwarp;
// shuffles and votes give none, as the CUDA guide has it. Blocks of a grid are never ordered.
// Between operations of streams there is order when the clock of the later one has seen the number
// of the earlier one (events, and waiting by the host, hand clocks on). Two atomics never race. A
// cell knows one writer and one reader, and of several readers who cannot be told apart whether
// they were lanes of a warp, warps or blocks, so a race with an older reader of another stream can
// be missed; nothing is reported that is none.
//
// A kernel tells of its accesses when it was compiled with -fsanitize=thread: g++ then calls a
// function before each of them, and those functions are here instead of in its library. This also
// checks every access against the bounds of its allocation, to the byte.
//
// After: Serebryany, Iskhodzhanov, ThreadSanitizer - data race detection in practice, WBIA 2009;
// Flanagan, Freund, FastTrack: efficient and precise dynamic race detection, PLDI 2009.
#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>

#include <algorithm>

#include "emu_runtime.h"

namespace emu {

struct Cell {
  uint64_t writer;
  uint64_t reader;
  uint32_t writeOperation;  // 0: never written
  uint32_t readOperation;
};

namespace {

constexpr size_t CELL_BYTES = 2;
constexpr int MAX_COMPLAINTS_OF_OPERATION = 3;

// From the lowest bit on: flags, then counters, then thread and block. Counters wrap around, which
// could only matter if exactly that many barriers lay between two accesses.
constexpr uint64_t ATOMIC = 1;
constexpr uint64_t MANY_LANES = 2;
constexpr uint64_t MANY_WARPS = 4;
constexpr uint64_t MANY_BLOCKS = 8;
constexpr uint64_t PENDING = 16;
constexpr uint64_t FLAGS = 31;

unsigned syncs_of(uint64_t who) { return who >> 5 & 0x7FF; }
unsigned barriers_of(uint64_t who) { return who >> 16 & 0x1FFF; }
unsigned thread_of(uint64_t who) { return who >> 29 & 0x3FF; }
unsigned warp_of(uint64_t who) { return thread_of(who) / 32; }
unsigned block_of(uint64_t who) { return who >> 39; }

struct PastOperation {
  std::string name;
  unsigned stream;
  unsigned number;
};

bool tracking;
bool reportsUnwritten;
std::vector<PastOperation> operations(1);
std::vector<unsigned> clockNow;
uint32_t operationNow;
int numComplaints;

bool inKernel;
const char* kernelName;
uint32_t blockRun;  // a number for every block that ran, so that cells of shared memory get old
char* staticBegin;
size_t staticBytes;
char* dynamicBegin;
size_t dynamicBytes;
std::vector<Cell> staticCells;
std::vector<Cell> dynamicCells;

// Whether all that `before` stands for happened before `now`, in one kernel.
bool is_ordered(uint64_t before, uint64_t now) {
  if (block_of(before) != block_of(now) || (before & MANY_BLOCKS)) {
    return false;
  }
  if (barriers_of(before) != barriers_of(now)) {
    return true;
  }
  if (before & MANY_WARPS) {
    return false;
  }
  if (warp_of(before) != warp_of(now)) {
    return false;
  }
  return syncs_of(before) != syncs_of(now) ||
         (!(before & MANY_LANES) && thread_of(before) == thread_of(now));
}

// Two readers without order between them, as one.
uint64_t merged(uint64_t first, uint64_t second) {
  uint64_t flags = (first | second) & FLAGS;
  if (block_of(first) != block_of(second)) {
    return second | flags | MANY_BLOCKS;
  }
  if (warp_of(first) != warp_of(second)) {
    return second | flags | MANY_WARPS;
  }
  return second | flags | MANY_LANES;
}

std::string describe_who(uint64_t who) {
  if (who & MANY_BLOCKS) {
    return "several blocks";
  }
  std::string block = " of block " + std::to_string(block_of(who));
  if (who & MANY_WARPS) {
    return "several warps" + block;
  }
  if (who & MANY_LANES) {
    return "several lanes of warp " + std::to_string(warp_of(who)) + block;
  }
  return "thread " + std::to_string(thread_of(who)) + block;
}

std::string describe_place(const void* address) {
  const char* at = (const char*)address;
  if (size_t(at - staticBegin) < staticBytes || size_t(at - dynamicBegin) < dynamicBytes) {
    return "shared memory";
  }
  Allocation* allocation = allocation_at(address);
  return "byte " + std::to_string(at - allocation->begin) + " of " + allocation->name;
}

// Where in the library the access is; addr2line finds the line of the source.
std::string code(const void* caller) {
  Dl_info info;
  char text[80] = "";
  if (caller && dladdr(caller, &info)) {
    snprintf(text, sizeof text, " [code at %#zx]", (size_t)caller - (size_t)info.dli_fbase - 1);
  }
  return text;
}

const char* verb(Access access) {
  switch (access) {
    case Access::READ:
      return "reads";
    case Access::ATOMIC:
      return "updates";
    case Access::START_COPY:
      return "starts a copy to";
    default:
      return "writes";
  }
}

// Whether one more may be told: an operation that is wrong once is wrong often.
bool may_complain() { return numComplaints++ < MAX_COMPLAINTS_OF_OPERATION; }

void report_race(const void* address, Access access, uint64_t before, const char* did,
                 const void* caller) {
  if (!may_complain()) {
    return;
  }
  complain(std::string("race in ") + kernelName + ": " + describe_who(who) + " " + verb(access) +
         " " + describe_place(address) + ", which " + describe_who(before) + " " + did +
         ", with nothing between" + code(caller));
}

void report_hazard(const void* address, Access access, uint32_t before, const char* did) {
  if (!may_complain()) {
    return;
  }
  const PastOperation& past = operations[before];
  const PastOperation& now = operations[operationNow];
  complain("hazard: " + now.name + " in stream " + std::to_string(now.stream) + " " + verb(access) +
         " " + describe_place(address) + ", which " + past.name + " in stream " +
         std::to_string(past.stream) + " " + did + ", with no event between");
}

bool is_past(uint32_t operation) {
  const PastOperation& past = operations[operation];
  return past.stream < clockNow.size() && past.number <= clockNow[past.stream];
}

void note(Cell& cell, uint32_t run, uint64_t now, Access access) {
  if (access == Access::READ) {
    bool joins = cell.readOperation == run && !is_ordered(cell.reader, now);
    cell.reader = joins ? merged(cell.reader, now) : now;
    cell.readOperation = run;
  } else {
    cell.writer = now | (access == Access::ATOMIC       ? ATOMIC
                         : access == Access::START_COPY ? PENDING
                                                        : 0);
    cell.writeOperation = run;
    cell.readOperation = 0;
  }
}

// Both checks of an access by a thread against what other threads of the same kernel did.
void check_threads(const Cell& cell, uint32_t run, const void* address, Access access,
                   const void* caller) {
  bool bothAtomic = access == Access::ATOMIC && (cell.writer & ATOMIC);
  if (cell.writeOperation == run && (cell.writer & PENDING)) {
    if (access != Access::END_COPY || thread_of(cell.writer) != thread_of(who)) {
      report_race(address, access, cell.writer & ~PENDING, "copies to and has not waited for",
                  caller);
    }
  } else if (cell.writeOperation == run && !bothAtomic && !is_ordered(cell.writer, who)) {
    report_race(address, access, cell.writer & ~ATOMIC, "wrote", caller);
  } else if (access != Access::READ && cell.readOperation == run &&
             !is_ordered(cell.reader, who)) {
    report_race(address, access, cell.reader, "read", caller);
  }
}

void check_streams(const Cell& cell, const void* address, Access access) {
  if (cell.writeOperation && !is_past(cell.writeOperation)) {
    report_hazard(address, access, cell.writeOperation, "wrote");
  } else if (access != Access::READ && cell.readOperation && !is_past(cell.readOperation)) {
    report_hazard(address, access, cell.readOperation, "read");
  }
}

void touch_shared(std::vector<Cell>& cells, size_t offset, const void* address, size_t bytes,
                  Access access, const void* caller) {
  for (size_t i = offset / CELL_BYTES; i <= (offset + bytes - 1) / CELL_BYTES; i++) {
    Cell& cell = cells[i];
    bool reads = access == Access::READ || access == Access::ATOMIC;
    if (cell.writeOperation != blockRun && reads && may_complain()) {
      complain(std::string(kernelName) + ": " + describe_who(who) + " " + verb(access) +
             " shared memory that its block has not written" + code(caller));
    }
    check_threads(cell, blockRun, address, access, caller);
    note(cell, blockRun, who, access);
  }
}

Cell* cells_of(Allocation& allocation) {
  if (!allocation.cells) {
    // Pages that are never touched take no memory.
    void* memory = mmap(nullptr, (allocation.bytes / CELL_BYTES + 1) * sizeof(Cell),
                        PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    allocation.cells = (Cell*)memory;
  }
  return allocation.cells;
}

// The allocation that the bytes are inside of; the thread fails when there is none.
Allocation& allocation_of(const void* address, size_t bytes, Access access, const void* caller) {
  Allocation* allocation = allocation_at(address);
  std::string deed = std::string(verb(access)) + " " + std::to_string(bytes) + " bytes ";
  if (!allocation) {
    fail_address(deed + "of no allocation" + code(caller));
  }
  const char* at = (const char*)address;
  if (at < allocation->begin) {
    fail_address(deed + "before " + allocation->name + code(caller));
  }
  size_t offset = at - allocation->begin;
  if (offset + bytes > allocation->bytes) {
    fail_address(deed + "at byte " + std::to_string(offset) + " of " + allocation->name +
                 code(caller));
  }
  return *allocation;
}

void touch_device(const void* address, size_t bytes, Access access, const void* caller) {
  Allocation& allocation = allocation_of(address, bytes, access, caller);
  Cell* cells = cells_of(allocation);
  size_t offset = (const char*)address - allocation.begin;
  for (size_t i = offset / CELL_BYTES; i <= (offset + bytes - 1) / CELL_BYTES; i++) {
    Cell& cell = cells[i];
    if (reportsUnwritten && !cell.writeOperation && access == Access::READ && may_complain()) {
      complain(std::string(kernelName) + ": " + describe_who(who) + " reads " +
             describe_place(address) + ", which nobody has written" + code(caller));
    }
    check_threads(cell, operationNow, address, access, caller);
    if (cell.writeOperation != operationNow) {
      check_streams(cell, address, access);
    }
    note(cell, operationNow, who, access);
  }
}

void touch_by_caller(const void* address, size_t bytes, Access access, const void* caller) {
  if (!inKernel) {
    return;
  }
  const char* at = (const char*)address;
  if (size_t(at - staticBegin) < staticBytes) {
    touch_shared(staticCells, at - staticBegin, address, bytes, access, caller);
  } else if (size_t(at - dynamicBegin) < dynamicBytes) {
    touch_shared(dynamicCells, at - dynamicBegin, address, bytes, access, caller);
  } else if (tracking && is_device_address(address)) {
    touch_device(address, bytes, access, caller);
  }
}

}  // namespace

uint64_t pack_who(size_t block, unsigned thread, unsigned numBarriers, unsigned numWarpSyncs) {
  return (uint64_t)block << 39 | (uint64_t)thread << 29 | (uint64_t)(numBarriers & 0x1FFF) << 16 |
         (numWarpSyncs & 0x7FF) << 5;
}

void track(bool on, bool unwritten) {
  tracking = on;
  reportsUnwritten = unwritten;
  operations.resize(1);
  clockNow.clear();
  operationNow = 0;
}

bool is_tracking() { return tracking; }

void begin_operation(const Operation& operation) {
  if (tracking) {
    clockNow = operation.clock;
    operations.push_back({operation.name, operation.stream, clockNow[operation.stream]});
    operationNow = operations.size() - 1;
    numComplaints = 0;
  }
}

void touch(const void* address, size_t bytes, Access access) {
  Allocation* allocation = tracking && bytes ? allocation_at(address) : nullptr;
  if (!allocation) {
    return;
  }
  Cell* cells = cells_of(*allocation);
  size_t offset = (const char*)address - allocation->begin;
  for (size_t i = offset / CELL_BYTES; i <= (offset + bytes - 1) / CELL_BYTES; i++) {
    check_streams(cells[i], allocation->begin + i * CELL_BYTES, access);
    note(cells[i], operationNow, 0, access);
  }
}

void free_cells(Allocation& allocation) {
  if (allocation.cells) {
    munmap(allocation.cells, (allocation.bytes / CELL_BYTES + 1) * sizeof(Cell));
    allocation.cells = nullptr;
  }
}

void begin_checked_kernel(const Launch& launch) {
  inKernel = true;
  kernelName = launch.kernel->name;
  staticBegin = launch.build->sharedBegin;
  staticBytes = launch.build->sharedEnd - staticBegin;
  staticCells.resize(staticBytes / CELL_BYTES + 1);
  dynamicCells.resize(MAX_SHARED_BYTES / CELL_BYTES + 1);
}

void begin_checked_block(char* begin, char* end) {
  blockRun++;
  dynamicBegin = begin;
  dynamicBytes = end - begin;
}

void end_checked_kernel() { inKernel = false; }

void touch_as_thread(const void* address, size_t bytes, Access access) {
  touch_by_caller(address, bytes, access, nullptr);
}

void atomic_access(const void* address, size_t bytes) {
  touch_by_caller(address, bytes, Access::ATOMIC, __builtin_return_address(0));
}

}  // namespace emu

// ---- what g++ calls before an access -----------------------------------------------------------

#define EMU_HOOK(name, bytes, access)                                                            \
  extern "C" __attribute__((visibility("hidden"))) void name(void* address) {                    \
    emu::touch_by_caller(address, bytes, emu::Access::access, __builtin_return_address(0));      \
  }
#define EMU_HOOKS(bytes)                                     \
  EMU_HOOK(__tsan_read##bytes, bytes, READ)                  \
  EMU_HOOK(__tsan_write##bytes, bytes, WRITE)                \
  EMU_HOOK(__tsan_unaligned_read##bytes, bytes, READ)        \
  EMU_HOOK(__tsan_unaligned_write##bytes, bytes, WRITE)      \
  EMU_HOOK(__tsan_volatile_read##bytes, bytes, READ)         \
  EMU_HOOK(__tsan_volatile_write##bytes, bytes, WRITE)
EMU_HOOKS(1)
EMU_HOOKS(2)
EMU_HOOKS(4)
EMU_HOOKS(8)
EMU_HOOKS(16)

extern "C" __attribute__((visibility("hidden"))) void __tsan_read_range(void* address,
                                                                        size_t bytes) {
  emu::touch_by_caller(address, bytes, emu::Access::READ, __builtin_return_address(0));
}

extern "C" __attribute__((visibility("hidden"))) void __tsan_write_range(void* address,
                                                                         size_t bytes) {
  emu::touch_by_caller(address, bytes, emu::Access::WRITE, __builtin_return_address(0));
}

extern "C" __attribute__((visibility("hidden"))) void __tsan_init() {}
