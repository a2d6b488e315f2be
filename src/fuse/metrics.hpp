// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace acefs::fuse {

/// What is counted, by the names that the handlers give their operations.
inline constexpr std::array<std::string_view, 36> kOperations = {
    "lookup",     "getattr",  "setattr", "readlink", "mknod",     "mkdir",           "symlink", "unlink",  "rmdir",
    "rename",     "link",     "open",    "create",   "tmpfile",   "read",            "write",   "flush",   "release",
    "fsync",      "fallocate", "lseek",  "copy_file_range", "opendir", "readdir",    "releasedir", "fsyncdir", "statfs",
    "access",     "getxattr", "listxattr", "setxattr", "removexattr", "ioctl",       "getlk",   "setlk",   "flock"};

/// The name of an operation; that it is one of kOperations is known when this is compiled.
struct OperationName {
  consteval OperationName(const char* name) : text(name), index(index_of(name)) {}  // NOLINT: a name is one
  const char* text;
  unsigned index;

 private:
  static consteval unsigned index_of(std::string_view name) {
    for (unsigned i = 0; i < kOperations.size(); ++i)
      if (kOperations[i] == name) return i;
    throw "not in kOperations";
  }
};

/// Durations by size: four classes between two powers of two nanoseconds, so that a percentile is told to a quarter.
struct Buckets {
  static constexpr unsigned kCount = 108;
  static unsigned of(std::uint64_t nanoseconds);
  /// The first duration that is too long for the class.
  static std::uint64_t end_of(unsigned bucket);
};

/// What became of one kind of operation so far.
struct OperationCount {
  std::uint64_t count = 0;        ///< all that were replied to
  std::uint64_t timed = 0;        ///< those of them whose time was taken
  std::uint64_t nanoseconds = 0;  ///< that these took together
  std::uint64_t access = 0;       ///< refused with EACCES
  std::uint64_t permission = 0;   ///< EPERM
  std::uint64_t cross_device = 0; ///< EXDEV: it would have widened rights
  std::uint64_t absent = 0;       ///< what was asked for is not there, or what was to be made is (ENOENT, ENODATA, EEXIST, ENOTEMPTY)
  std::uint64_t failed = 0;       ///< any other error
  std::array<std::uint64_t, Buckets::kCount> durations{};

  /// The duration, in nanoseconds, that this share of those timed did not pass; 0 when there were none.
  std::uint64_t percentile(double share) const;
};

/// Counts operations and how long they took. Each thread writes to memory of its own, without a locked instruction; who asks adds up.
/// All are counted, and of each kind one in four is timed: where reading the processor's counter costs as much as all else here together,
/// as in virtual machines, that keeps the cost well below 50 ns.
class Metrics {
 public:
  Metrics();

  static constexpr std::uint64_t kTimedOneIn = 4;

  /// An operation begins. What it returns is for count().
  std::uint64_t begin(unsigned operation) noexcept;
  /// The operation that `begun` was told of ended with `error`, a positive errno, or 0. By the same thread.
  void count(unsigned operation, std::uint64_t begun, int error) noexcept;
  /// In the order of kOperations.
  std::array<OperationCount, kOperations.size()> total() const;

 private:
  using Counter = std::atomic<std::uint64_t>;
  struct Cell {
    Counter count{0}, nanoseconds{0}, access{0}, permission{0}, cross_device{0}, absent{0}, failed{0};
    std::array<Counter, Buckets::kCount> durations{};

    Counter& of_error(int error);
  };
  struct alignas(64) Shard {
    std::array<Cell, kOperations.size()> cells;
  };

  std::uint64_t ticks() const noexcept;
  Shard* shard() noexcept;
  void time(Cell& cell, std::uint64_t begun) const noexcept;

  const std::uint64_t number_;  ///< tells these from former ones, for the threads that remember where they count
  bool has_counter_ = false;    ///< the processor counts time at one pace for all its cores
  std::uint64_t nanoseconds_per_4m_ticks_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace acefs::fuse
