// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "../support/mount.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::test {

/// Of one node, what is granted and denied to each of so many principals: a number into letters_of(), 0: no such ACE.
struct Granted {
  static constexpr std::size_t kPrincipals = 40;
  std::array<std::uint8_t, kPrincipals> allowed{};
  std::array<std::uint8_t, kPrincipals> denied{};

  bool operator==(const Granted&) const = default;
  bool may_read(std::size_t principal) const;
  /// Letters of that principal that are allowed and not denied.
  std::string rights(std::size_t principal) const;
};

std::string_view letters_of(std::uint8_t number);
inline constexpr std::uint8_t kLetterSets = 4;

/// A node before and after what its user is doing to it.
struct Deed {
  Granted before;
  Granted after;
  std::uint32_t content_before = 0;  ///< another content is another file, which took the name
  std::uint32_t content_after = 0;
  bool whole = true;                 ///< one change, which is made or not; else several, of which each is
};

/// What a user has done and what he is doing, in memory that outlives him and the daemon.
struct Diary {
  Deed own;              ///< of his file `node`
  Deed shared;           ///< of the file `shared`, as far as it is about his principals
  std::uint32_t synced;  ///< so many files of data were written and synced
  std::uint32_t steps;
  std::array<char, 16> doing;
};

inline constexpr std::array<uid_t, 3> kLoadUsers = {20011, 20012, 20013};
/// The last files of data that a user keeps.
inline constexpr std::uint32_t kKeptFiles = 4;

/// The principal of that number whom this user writes ACEs for.
uid_t principal_of(std::size_t user, std::size_t number);
std::string directory_of(std::size_t user);
std::string data_name(std::uint32_t number);
std::string content_of(std::uint32_t number);

/// Diaries of all users.
class Diaries {
 public:
  Diaries();
  Diaries(const Diaries&) = delete;
  Diaries& operator=(const Diaries&) = delete;
  ~Diaries();
  Diary& of(std::size_t user) { return all_[user]; }

 private:
  Diary* all_;
};

/// The tree that the users work in, on the backing.
void make_load_tree(const std::string& backing, Diaries& diaries);

/// Users who work on a mount until it answers no more: they grant, deny and revoke, replace whole lists, replace files, write and sync.
class Load {
 public:
  Load(const std::string& mount_point, Diaries& diaries, unsigned seed);
  /// Returns when so many steps were begun.
  void wait_for(unsigned steps);
  /// Waits until all users have given up; the errno with which each did.
  std::vector<int> end();

 private:
  UniqueFd begun_;
  std::vector<std::future<int>> users_;
};

}  // namespace acefs::test
