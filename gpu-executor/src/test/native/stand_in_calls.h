// stand_in_calls.h - what the functions of the driver are made of.
#pragma once
#include "stand_in.h"

#define API extern "C" __attribute__((visibility("default"))) int

// Takes the lock and leaves the function when the call is to fail.
#define CALL(name, needs)       \
  Call call(name, Call::needs); \
  if (call.code() != SUCCESS) { \
    return call.code();         \
  }

typedef unsigned long long devptr;

namespace stand_in {

// Says to the test why a call is refused.
int complain_and(int code, const std::string& text);

// Some address that no other thread has.
const void* this_thread();

// Ends what a handle stands for; after a sticky error it only counts as given back.
int destroy(Call& call, void* handle, Kind kind, const char* noun);

// Null, with a complaint, when it is none.
Stream* stream_of(void* handle);

int push_run(void* stream, const char* name, std::function<void()> run);

}  // namespace stand_in
