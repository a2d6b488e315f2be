// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace acefs::bench {

inline constexpr int kFiles = 64;         ///< files that each thread stats, opens and reads in turn
inline constexpr int kListed = 10'000;    ///< entries of the directory that is listed
inline constexpr int kWalkedDirs = 20;    ///< directories of the tree that is walked
inline constexpr int kWalkedFiles = 50;   ///< files in each of them

/// What to prepare and where to work.
struct Layout {
  std::string root;
  int depth = 1;    ///< directories between the root and the files
  int threads = 1;

  /// The directory of one thread's files. Threads share only the root, so that they do not wait for one another in the kernel.
  std::string place(int thread) const;
  std::string file(int thread, int number) const;
  /// These two are only read, so all threads use the same.
  std::string listed() const;
  std::string walked() const;
};

/// Makes the files of all threads, and the directories that are listed and walked if they are wanted. What is there stays. Directories
/// are 0755, places 0777, files 0644: another user may read everything and make new names in the places. Throws std::system_error.
void prepare(const Layout& layout, bool with_listed, bool with_walked);

}  // namespace acefs::bench
