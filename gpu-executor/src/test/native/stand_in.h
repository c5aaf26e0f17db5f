// stand_in.h - the state of the stand-in for libcuda.so.1; stand_in_driver.cpp says what it is for.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "emu_runtime.h"

namespace stand_in {

enum Code {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  DEINITIALIZED = 4,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  LAUNCH_FAILED = 719,
  CAPTURE_UNSUPPORTED = 900,
  CAPTURE_INVALIDATED = 901,
  CAPTURE_WRONG_THREAD = 908,
};

// ---- what the driver gives out -----------------------------------------------------------------

typedef std::vector<unsigned> Clock;

// Takes over what another clock has seen.
void join(Clock& clock, const Clock& other);

enum class Kind { STREAM, EVENT, MODULE, FUNCTION, CAPTURED, GRAPH };

// Handles are numbers that are never used twice, so one that was destroyed is recognised.
struct Object {
  Kind kind;
  std::string name;
  bool alive = true;
  bool forgiven = false;  // it was given back, but after a sticky error

  virtual ~Object() {}
};

struct Event;

struct Operation {
  std::string name;
  std::function<void()> run;
  Event* awaited = nullptr;
  uint64_t awaitedValue = 0;
  Clock host;  // what the host had seen when it queued this
};

struct Captured : Object {
  std::vector<Operation> operations;
};

struct Stream : Object {
  unsigned index;
  std::deque<Operation> queue;
  Clock clock;
  bool hangs = false;
  Captured* capture = nullptr;
  bool captureBroken = false;
  const void* capturingThread = nullptr;
};

struct Event : Object {
  Stream* stream = nullptr;
  uint64_t recorded = 0;
  uint64_t done = 0;
  Clock clock;

  bool is_done() const { return done >= recorded; }
};

// What the PTX says of a kernel.
struct Entry {
  std::vector<size_t> parameterSizes;
  unsigned maxThreads;
  size_t staticSharedBytes;
};

struct Module : Object {
  std::string ptx;
};

struct Function : Object {
  std::string kernel;
  Entry entry;
  size_t maxDynamicBytes;
};

void* add(Object* object, Kind kind, const char* noun);

// The living object of a handle; null, with a complaint, when there is none of this kind.
Object* find(void* handle, Kind kind, const char* noun);

// ---- switches of the test ----------------------------------------------------------------------

enum class Order { EAGER, LAZY, RANDOM };

struct Failure {
  long long call;
  int code;
};

struct Switches {
  Order order = Order::EAGER;
  uint64_t random = 1;
  uint64_t schedule = 0;
  bool checked = false;
  size_t memoryBytes = (size_t)256 << 20;
  int version = 13000;
  int numDevices = 1;
  int numOldDevices = 0;  // the first ones, with compute capability 7.5
  int major = 9;
  int minor = 0;
  int multiprocessors = 132;
  std::map<std::string, Failure> failures;
  long long failingKernel = 0;  // counted from 1; 0: none
  int failingCode = ILLEGAL_ADDRESS;
  long long hangingKernel = 0;
};

// ---- the driver's state, all of it under one lock ----------------------------------------------

struct State {
  Switches switches;
  int sticky = SUCCESS;
  std::vector<std::string> complaints;
  std::map<std::string, long long> calls;
  std::map<std::string, long long> kernelRuns;
  long long numKernelRuns = 0;
  std::vector<std::unique_ptr<Object>> objects;
  std::vector<Stream*> streams;
  Clock host;
  size_t usedBytes = 0;
  int contextRetains = 0;
  int contextGeneration = 1;
  // What was given out before the last reset has smaller numbers.
  int firstGeneration = 1;
  uintptr_t firstHandle = 0x51000000;
  int resets = 0;
};

extern State state;
extern std::recursive_mutex mutex;
extern std::condition_variable_any changed;

// The context that the calling thread has: the generation of the primary one, 0 none.
extern thread_local int boundGeneration;

// What every function of the driver begins with: takes the lock, counts the call, fails it where
// the test wants that, and refuses it when an error is sticky or the thread has no context.
class Call {
 public:
  enum Needs { NOTHING, CONTEXT, NO_CAPTURE };

  Call(const char* name, Needs needs);

  // What the function must return at once; SUCCESS when it may go on.
  int code() const { return result; }

  std::unique_lock<std::recursive_mutex>& lock() { return guard; }

 private:
  std::unique_lock<std::recursive_mutex> guard;
  int result;
};

uint64_t next_random();

// Breaks whatever capture the calling thread is in the middle of.
void break_captures();

// ---- streams -----------------------------------------------------------------------------------

// Queues an operation, or notes it down when the stream captures.
int push(Stream* stream, Operation operation);

// Runs what is needed until the condition holds; `wanted` is the stream whose work it waits for,
// null for all of them.
int run_until(Call& call, Stream* wanted, const std::function<bool()>& condition);

// Some work may run because somebody looks.
void make_progress(Stream* wanted);

bool all_idle();

// ---- memory ------------------------------------------------------------------------------------

enum class Place { DEVICE, PINNED };

// Null when the address space is used up.
emu::Allocation* allocate(size_t bytes, Place place);

// The allocation that begins here and is of this kind; null when there is none.
emu::Allocation* allocation_beginning_at(const void* address, Place place);

// Whether the bytes lie in one living allocation of this kind.
bool is_inside(const void* address, size_t bytes, Place place);

void free_allocation(emu::Allocation* allocation);
void forgive_allocation(emu::Allocation* allocation);

// Names what is still allocated and was not forgiven.
std::vector<std::string> living_allocations();

// Of all allocations; what the search for races has noted is worth nothing any more.
void forget_accesses();

void free_all_memory();

// ---- kernels -----------------------------------------------------------------------------------

// The entry of that name; its list of parameters is empty when there is none.
Entry entry_of(const std::string& ptx, const std::string& name);

// Runs a kernel with a copy of its arguments; a failure becomes sticky.
void run_kernel(const Function& function, dim3 grid, dim3 block, size_t sharedBytes,
                const std::string& values, Stream* stream);

}  // namespace stand_in
