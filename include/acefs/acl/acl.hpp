// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "acefs/acl/ace.hpp"
#include "acefs/acl/perm.hpp"

namespace acefs::acl {

/// A principal as a number: comparing two is one instruction. 0, 1 and 2 are OWNER@, GROUP@ and EVERYONE@.
using PrincipalId = std::uint32_t;
inline constexpr PrincipalId kOwner = 0;
inline constexpr PrincipalId kGroup = 1;
inline constexpr PrincipalId kEveryone = 2;

/// Gives each principal ("u:alice") its number. Thread-safe.
///
/// Anybody may write ACEs for principals that nobody is, as many as he likes: the numbers of those last as long as an ACL names them.
class PrincipalTable {
 public:
  PrincipalTable();
  /// For the life of the process: somebody goes by that name.
  PrincipalId intern(std::string_view principal);
  /// Until it is released as often.
  PrincipalId acquire(std::string_view principal);
  void release(PrincipalId id);
  /// The number that it has now.
  std::optional<PrincipalId> find(std::string_view principal) const;
  std::string name(PrincipalId id) const;
  std::size_t size() const;

 private:
  struct Known {
    std::string name;
    std::uint32_t uses = 0;
    bool for_good = false;
  };
  PrincipalId add(std::string_view principal);

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, PrincipalId> ids_;
  std::vector<Known> known_;
  std::vector<PrincipalId> free_;  ///< numbers that nothing goes by
};

/// Where below its segment an ACE counts; the `f d n i` flags of a directory's ACE as a set (see acefs-ace(5)).
enum class Scope : std::uint8_t {
  Self = 1 << 0,
  ChildDir = 1 << 1,
  ChildFile = 1 << 2,
  DeepDir = 1 << 3,   ///< two or more levels below
  DeepFile = 1 << 4,
};

/// The scopes in which an ACE with these flags counts. On a file's own ACE f, d, n and i mean nothing.
std::uint8_t scopes_of(std::string_view flags, bool on_directory);

enum class EntryKind : std::uint8_t { Allow, Deny, Audit, Alarm };

/// One ACE, ready to be evaluated.
struct Entry {
  PrincipalId who = 0;
  EntryKind kind = EntryKind::Allow;
  std::uint8_t scopes = 0;
  bool for_group = false;  ///< `who` is a `g:` principal
  bool on_success = false;  ///< S, of an audit or alarm ACE
  bool on_failure = false;  ///< F
  AccessMask letters;       ///< what it gives or takes; implications (r gives t) applied for Allow
  TimePoint expires = 0;
  std::uint32_t source = 0;  ///< index into Acl::grants()
};

/// The ACEs of one node, parsed once per change. Immutable.
class Acl {
 public:
  Acl() = default;
  /// `on_directory`: whether the node is a directory. Grants are kept, sorted by key, for those who show or rewrite them.
  /// The table must outlive it.
  Acl(std::vector<Grant> grants, bool on_directory, PrincipalTable& principals);
  Acl(Acl&&) noexcept = default;
  Acl& operator=(Acl&& other) noexcept;
  ~Acl();

  /// Sorted by `who`.
  std::span<const Entry> entries() const { return entries_; }
  /// The entries that name `who`.
  std::span<const Entry> entries_of(PrincipalId who) const;
  const std::vector<Grant>& grants() const { return grants_; }
  bool empty() const { return entries_.empty(); }
  /// Whether any entry names a group or GROUP@, so that a decision may depend on the caller's groups.
  bool names_groups() const { return names_groups_; }
  /// Whether any entry names a `u:` or `g:` principal, so that a decision may depend on what the caller is called.
  bool names_principals() const { return names_principals_; }
  /// Whether it only ever gives, to anybody and for good: no denial, nothing that expires, no audit or alarm ACE.
  bool only_gives() const { return only_gives_; }
  /// Whether any entry asks to be told of access attempts.
  bool audits() const { return audits_; }

 private:
  PrincipalTable* principals_ = nullptr;
  std::vector<Grant> grants_;
  std::vector<Entry> entries_;
  bool names_groups_ = false;
  bool names_principals_ = false;
  bool audits_ = false;
  bool only_gives_ = true;
};

}  // namespace acefs::acl
