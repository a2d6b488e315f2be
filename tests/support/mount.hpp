// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "temp_dir.hpp"

namespace acefs::test {

/// How the daemon is started.
struct MountOptions {
  std::string options;                 ///< what follows -o; empty: no -o
  std::vector<std::string> arguments;  ///< further arguments, before SOURCE's
  std::string source;                  ///< the backing; empty: a fresh directory
  rlim_t open_files = 0;               ///< RLIMIT_NOFILE of the daemon; 0: as it is
  std::string mount_point;             ///< empty: a fresh directory
  std::function<void()> before_exec;   ///< what the daemon's process does before it becomes the daemon
};

/// The daemon's binary: environment variable ACEFS_DAEMON, else the one of this build.
std::string daemon_path();

/// Why nothing can be mounted here; nothing when it can.
std::optional<std::string> why_no_mount();

/// A mount of its own: a real daemon over a fresh backing directory, ready when the constructor returns.
///
/// The first one moves the test program into a mount namespace of its own, so that a test that dies leaves no mount behind.
class Mount {
 public:
  explicit Mount(MountOptions options = {});
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  ~Mount();

  /// Whether the daemon said that it is ready.
  bool ready() const { return ready_; }
  const std::string& point() const { return mount_point_; }
  const std::string& backing() const { return source_; }
  std::string at(const std::string& name) const { return point() + "/" + name; }    ///< through the mount
  std::string real(const std::string& name) const { return backing() + "/" + name; }  ///< on the backing
  pid_t pid() const { return pid_; }
  std::string log() const;  ///< what the daemon wrote to standard error

  /// Unmounts and waits. The daemon's exit code; 1000 + the signal when one ended it; -1 when it was not running, -2 when it would
  /// not end.
  int stop();
  /// Waits for the end of a daemon that something else ended; as stop().
  int wait();

 private:
  TempDir backing_;
  TempDir point_;
  TempDir logs_;
  std::string source_;
  std::string mount_point_;
  pid_t pid_ = -1;
  bool ready_ = false;
};

/// Runs the daemon to its end with these arguments, standard error to `log`; its exit code, as Mount::stop(). For command lines that
/// must fail, and for the background mode.
int run_daemon(const std::vector<std::string>& arguments, std::string* log = nullptr);

/// Moves the program into a mount namespace of its own, once.
void enter_mount_namespace();

/// A test with a mount of its own; the daemon's exit status is part of the verdict.
class MountedTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  /// Called before the mount is made; default options unless a fixture says otherwise.
  virtual MountOptions options() const { return {}; }

  Mount& mount() { return *mount_; }
  std::string at(const std::string& name) const { return mount_->at(name); }
  std::string real(const std::string& name) const { return mount_->real(name); }

 private:
  std::optional<Mount> mount_;
};

}  // namespace acefs::test

/// Skips where nothing can be mounted; with ACEFS_TEST_FUSE=1 fails, so that CI cannot go green by skipping.
#define REQUIRE_FUSE()                                                                  \
  if (const auto why = ::acefs::test::why_no_mount(); why) {                            \
    if (const char* must = std::getenv("ACEFS_TEST_FUSE"); must && *must == '1') FAIL() << *why; \
    GTEST_SKIP() << *why;                                                               \
  }                                                                                     \
  static_assert(true)

/// The same, for a mount that exists already: it must be ready.
#define REQUIRE_MOUNT(m) \
  REQUIRE_FUSE();        \
  ASSERT_TRUE((m).ready()) << "the daemon did not become ready:\n" << (m).log()
