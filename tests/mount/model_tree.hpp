// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a mount should do, told once more: a tree in memory, with an evaluation of its own that shares no line with acefs.
namespace acefs::test::model {

/// A set of letters.
using Letters = std::uint32_t;

inline constexpr std::string_view kAlphabet = "rwaxdDtTnNcCoOyuUPvVq";
inline constexpr Letters kAll = (1U << kAlphabet.size()) - 1;

/// The letters that mean something; others give nothing.
constexpr Letters letters(std::string_view text) {
  Letters set = 0;
  for (const char letter : text) {
    if (const auto at = kAlphabet.find(letter); at != std::string_view::npos) set |= 1U << at;
  }
  return set;
}
constexpr bool has(Letters set, std::string_view needed) { return (letters(needed) & ~set) == 0; }
constexpr bool has_any(Letters set, std::string_view needed) { return (letters(needed) & set) != 0; }
std::string text_of(Letters set);

using Time = std::int64_t;  ///< nanoseconds since the epoch
Time clock_now();

/// Whom an ACE names and under which kind of key: 'A' the plain one, 'D', 'U', 'L'.
struct Key {
  char kind = 'A';
  std::string who;

  auto operator<=>(const Key&) const = default;
  std::string attribute() const;  ///< name of the xattr
};

struct Ace {
  std::string type = "A";
  std::string flags;
  std::string permissions;
  Time expires = 0;
  std::string malformed;  ///< not empty: this is the stored value, and nothing else counts

  bool operator==(const Ace&) const = default;
  std::string value() const;  ///< of the xattr
};

struct User {
  std::string name;
  uid_t uid;
  gid_t gid;
  std::vector<gid_t> groups;

  bool is_root() const { return uid == 0; }
  bool in_group(gid_t group) const;
  bool is(const std::string& who) const;  ///< `u:` and `g:` principals
};

using Acl = std::map<Key, Ace>;

struct Node {
  mode_t mode = 0;  ///< with the kind
  uid_t uid = 0;
  gid_t gid = 0;
  Acl acl = {};
  std::map<std::string, int> children = {};

  bool is_dir() const { return S_ISDIR(mode); }
  bool has_acl() const { return !S_ISLNK(mode); }
};

/// Nodes from the root of the mount on; the last is the one in question.
using Chain = std::vector<const Node*>;

/// DESIGN section 4, rule 4: what the user has on the last node of the chain.
Letters effective(const Chain& chain, const User& who, Time now);
/// What ACEs alone take from him there.
Letters denied(const Chain& chain, const User& who, Time now);
/// What ACEs alone leave him there.
Letters given(const Chain& chain, const User& who, Time now);
/// Rule 5, for a chain of directories: each of them gives x.
bool passes(const Chain& directories, const User& who, Time now);
/// What the ACE gives or takes, as far as it counts at that time.
struct Effect {
  Letters allow = 0;
  Letters deny = 0;
};
Effect effect_of(const Key& key, const Ace& ace, Time now);
/// Whether an ACE with these flags, on a directory, counts on something so many levels below.
bool counts(std::string_view flags, std::size_t levels_below, bool on_directory);

/// Where a path leads.
struct Place {
  int error = 0;            ///< ENOENT, ENOTDIR: something on the way is not there, or no directory
  std::vector<int> dirs;    ///< directories on the way as far as there are any, the root first
  std::string name;         ///< the last one; empty: the root itself
  std::optional<int> node;  ///< what has it
};

class Tree {
 public:
  Tree() { nodes_[kRoot] = {S_IFDIR | 0755}; }

  static constexpr int kRoot = 0;
  const Node& node(int id) const { return nodes_.at(id); }
  Node& node(int id) { return nodes_.at(id); }
  const std::map<int, Node>& nodes() const { return nodes_; }

  Place find(const std::string& path) const;
  int add(Node node, int parent, const std::string& name);
  void link(int id, int parent, const std::string& name) { node(parent).children[name] = id; }
  /// Takes the name away, and the node with its last one.
  void unlink(int parent, const std::string& name);

  /// Every path and the nodes on it, the root (`.`) first.
  struct Way {
    std::string path;
    std::vector<int> ids;
  };
  std::vector<Way> ways() const;
  std::vector<Way> ways_to(int id) const;
  Chain chain(const std::vector<int>& ids) const;
  /// The first expiry after `now`; 0 when there is none.
  Time next_expiry(Time now) const;

 private:
  std::map<int, Node> nodes_;
  int next_ = 1;
};

}  // namespace acefs::test::model
