// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "acefs/base/unique_fd.hpp"
#include "temp_dir.hpp"

namespace acefs::test {

/// What a program wrote, standard output and error together, and its exit code; 1000 + the signal when one ended it.
struct Outcome {
  int code = -1;
  std::string output;
};

/// How a program is started: its arguments, the program first, and what is added to the environment, as NAME=value.
struct Command {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
};

/// Runs a program to its end; not for ever.
Outcome run_program(const Command& command);

/// Where the program of that name is that execvp(3) would run; empty: nowhere.
std::string find_program(const std::string& name);

/// Another program's server, from when it says that it is ready until this goes.
class Service {
 public:
  /// Waits until the program has notified, as systemd's services do, or has written `phrase`, if that is not empty.
  Service(const Command& command, const std::string& phrase);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  /// Ends it and all its children.
  ~Service();

  bool ready() const { return ready_; }
  /// What it has written so far.
  const std::string& log();

 private:
  bool wait_until_ready(int notifications, const std::string& phrase);

  TempDir place_;
  UniqueFd output_;
  std::string log_;
  pid_t pid_ = -1;
  bool ready_ = false;
};

/// Moves the program into a network namespace of its own, once: nobody else's servers are there and nobody else sees those that a
/// test starts.
void enter_network_namespace();

}  // namespace acefs::test

/// `why` is an optional reason: with one, skips; with ACEFS_TEST_SERVERS=1 fails, so that CI cannot go green by skipping.
#define REQUIRE_SERVER(why)                                                                          \
  if (const auto no_server = (why); no_server) {                                                     \
    if (const char* must = std::getenv("ACEFS_TEST_SERVERS"); must && *must == '1') FAIL() << *no_server; \
    GTEST_SKIP() << *no_server;                                                                      \
  }                                                                                                  \
  static_assert(true)
