// SPDX-License-Identifier: MIT
// system.nfs4_acl as received, until it is stored. Input: a byte for the kind of node, two for its mode, then the attribute's bytes.
#include <algorithm>

#include "nfs4/letters.hpp"
#include "nfs4/mode_aces.hpp"
#include "nfs4/universe.hpp"
#include "nfs4/xdr.hpp"
#include "property.hpp"
#include "targets.hpp"

namespace acefs::fuzz {
namespace {

using namespace nfs4;
using nfs4::test::Person;

constexpr std::uint32_t kReadAttributes = 0x80;
constexpr acl::Scope kScopes[] = {acl::Scope::Self, acl::Scope::ChildDir, acl::Scope::ChildFile, acl::Scope::DeepDir,
                                  acl::Scope::DeepFile};

/// What acefs gives `person` on a node that `scope` is meant by, below it by the ACEs alone.
std::uint32_t enforced(const acl::Acl& acl, const Facts& facts, const acl::Identity& who, acl::Scope scope) {
  using acl::test::kSomebody;
  using acl::test::kSomeGroup;
  acl::Segment top{.acl = &acl, .is_directory = facts.is_directory, .mode = facts.mode, .uid = kSomebody, .gid = kSomeGroup};
  acl::Profile profile = facts.profile;
  std::vector<acl::Segment> chain{top};
  if (scope != acl::Scope::Self) {
    profile.mode_gives_base = false;
    const acl::Segment below{.is_directory = true, .mode = 0777, .uid = kSomebody, .gid = kSomeGroup};
    if (scope == acl::Scope::DeepDir || scope == acl::Scope::DeepFile) chain.push_back(below);
    chain.push_back(below);
    chain.back().is_directory = scope == acl::Scope::ChildDir || scope == acl::Scope::DeepDir;
  }
  return bits_of(acl::decide(chain, who, {.need = {}, .now = nfs4::test::kNow, .base = {}}, profile).effective);
}

bool mentions(const AceList& list, const std::string& who) {
  return std::any_of(list.begin(), list.end(), [&](const Ace& ace) { return ace.who == who; });
}

/// Whether nobody else stands for this person: whoever the list does not mention is a stranger to it, and so are his groups.
bool matters(const AceList& list, const Person& person) {
  return (person.name == "stranger" || mentions(list, person.name)) &&
         std::all_of(person.groups.begin(), person.groups.end(), [&](const std::string& group) { return mentions(list, group); });
}

void gives_no_more_than_written(const AceList& written, const acl::Acl& stored, const Facts& facts, acl::PrincipalTable& principals) {
  static const std::vector<Person> people = nfs4::test::everybody();
  for (const Person& person : people) {
    if (!matters(written, person)) continue;
    const acl::Identity who = person.identity(principals);
    for (const acl::Scope scope : kScopes) {
      if (!facts.is_directory && scope != acl::Scope::Self) continue;
      const nfs4::test::Verdict wanted = nfs4::test::first_match(written, person, scope, facts.is_directory);
      // Not meant: y, which nothing checks; what the owner always has; t, which everyone has and which comes with r.
      std::uint32_t given = enforced(stored, facts, who, scope) & ~kSynchronize;
      if (person.owner) given &= ~kept_by_owner(facts);
      if (((wanted.allowed | wanted.denied) & kReadAttributes) == 0) given &= ~kReadAttributes;
      must((given & ~wanted.allowed) == 0, "nobody gets more than the list that was written gives");
    }
  }
}

void check_write(const Facts& before, std::string_view bytes) {
  const auto written = decode(Form::Acl, bytes);
  if (!written) return;
  acl::PrincipalTable principals;
  const PlainNames names;
  const auto change = accept(*written, acl::Acl(), before, nfs4::test::kNow, names);
  if (!change) {
    must(change.error().error > 0 && !change.error().reason.empty(), "a refusal has an errno and a reason");
    return;
  }
  must(change->remove.empty(), "where nothing was, nothing is removed");
  must((change->mode & 07000u) == (before.mode & 07000u), "setuid, setgid and sticky stay");
  for (const acl::Grant& grant : change->set) must(grant.ace.has_value(), "what is stored can be read");
  if (written->empty()) return;  // the mode stays
  Facts facts = before;
  facts.mode = change->mode;
  const acl::Acl stored(change->set, facts.is_directory, principals);
  gives_no_more_than_written(*written, stored, facts, principals);

  const auto served = serve(stored, facts, nfs4::test::kNow, names);
  must(static_cast<bool>(served), "what was accepted can be shown");
  const auto again = accept(*served, stored, facts, nfs4::test::kNow, names);
  must(again && again->set.empty() && again->remove.empty() && again->mode == facts.mode, "writing back what is shown changes nothing");
}

}  // namespace

void fuzz_nfs4_write(std::string_view input) {
  nfs4::Facts facts;
  facts.is_directory = take_choice(input, 2) != 0;
  facts.mode = take_choice(input, 16) << 8;
  facts.mode |= take_choice(input, 256);
  check_write(facts, input);
}

}  // namespace acefs::fuzz
