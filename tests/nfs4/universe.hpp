// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "nfs4/accept.hpp"
#include "nfs4/serve.hpp"
#include "support/acl_builders.hpp"

namespace acefs::nfs4::test {

using acl::test::kSomebody;
using acl::test::kSomeGroup;

inline constexpr acl::TimePoint kNow = 1000;

/// One who can exist: a user of some name, owner of the node or not, in its group or not, in named groups or not.
struct Person {
  std::string name;
  bool owner = false;
  bool in_group = false;
  std::vector<std::string> groups;

  acl::Identity identity(acl::PrincipalTable& table) const;
  std::string text() const;
};

/// Everyone who can exist, as far as the principals of Random matter.
std::vector<Person> everybody();

/// What a list comes to for one person, each bit by itself.
struct Verdict {
  std::uint32_t allowed = 0;
  std::uint32_t denied = 0;  ///< explicitly; what is in neither is not mentioned
};

/// RFC 7530, 6.2.1, as plainly as possible: the first ACE decides. `scope`: on the node itself or on what is so far below it.
Verdict first_match(const AceList& list, const Person& person, acl::Scope scope, bool is_directory);
/// The same ACEs, but a denial wins wherever it stands.
Verdict denials_first(const AceList& list, const Person& person, acl::Scope scope, bool is_directory);

/// Reproducible random ACLs, stored and written, for few principals so that they often meet.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_); }
  bool coin() { return below(2) == 0; }
  mode_t mode() { return static_cast<mode_t>(below(010000)); }
  std::string subset(std::string_view letters);
  std::vector<acl::Grant> stored();
  AceList written(bool is_directory);

 private:
  acl::Grant grant();
  Ace ace(bool is_directory);
  std::mt19937 engine_;
};

/// The stored ACEs after the change.
std::vector<acl::Grant> applied(const acl::Acl& stored, const Change& change);

/// As nfs4_getfacl prints it.
std::string text_of(const AceList& list);
std::string text_of(const std::vector<acl::Grant>& grants);
/// As one types it for nfs4_setfacl: "A:fd:alice:rx,D:g:staff:w".
AceList list_of(std::string_view text);

}  // namespace acefs::nfs4::test
