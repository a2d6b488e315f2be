// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "acl/rounds.hpp"
#include "nfs4/flags.hpp"
#include "nfs4/letters.hpp"
#include "nfs4/mode_aces.hpp"
#include "nfs4/order.hpp"
#include "nfs4/universe.hpp"

namespace acefs::nfs4 {
namespace {

using namespace test;
using acl::test::rounds;

constexpr std::uint32_t kReadAttributes = 0x80;
constexpr std::uint32_t kExecute = 0x20;
constexpr acl::Scope kScopes[] = {acl::Scope::Self, acl::Scope::ChildDir, acl::Scope::ChildFile, acl::Scope::DeepDir,
                                  acl::Scope::DeepFile};

class PropertyTest : public ::testing::Test {
 protected:
  /// What acefs lets `person` do on a node with these grants and nothing above it.
  std::uint32_t enforced(const acl::Acl& acl, const Facts& facts, const Person& person) {
    const acl::Segment node{.acl = &acl, .is_directory = facts.is_directory, .mode = facts.mode, .uid = kSomebody, .gid = kSomeGroup};
    const acl::Identity who = person.identity(table_);
    return bits_of(acl::decide({&node, 1}, who, {.need = {}, .now = kNow, .base = {}}, facts.profile).effective);
  }

  /// What its ACEs alone give to `person` on an empty node so far below it that `scope` is meant.
  std::uint32_t enforced_below(const acl::Acl& acl, const Person& person, acl::Scope scope) {
    acl::Profile aces_only;
    aces_only.mode_gives_base = false;
    const bool directory = scope == acl::Scope::ChildDir || scope == acl::Scope::DeepDir;
    const acl::Segment top{.acl = &acl, .is_directory = true, .mode = 0777, .uid = kSomebody, .gid = kSomeGroup};
    const acl::Segment middle{.is_directory = true, .mode = 0777, .uid = kSomebody, .gid = kSomeGroup};
    const acl::Segment last{.is_directory = directory, .mode = 0777, .uid = kSomebody, .gid = kSomeGroup};
    std::vector<acl::Segment> chain{top};
    if (scope == acl::Scope::DeepDir || scope == acl::Scope::DeepFile) chain.push_back(middle);
    chain.push_back(last);
    return bits_of(acl::decide(chain, person.identity(table_), {.need = {}, .now = kNow, .base = {}}, aces_only).effective);
  }

  /// The bits on which a list and acefs must agree: not y, which nothing checks; not what the owner always has; not x on a file
  /// that nobody can execute.
  std::uint32_t compared(const Facts& facts, const Person& person) {
    std::uint32_t bits = all_bits(facts.is_directory) & ~kSynchronize;
    if (person.owner) bits &= ~kept_by_owner(facts);
    if (!facts.is_directory && (facts.mode & 0111u) == 0) bits &= ~kExecute;
    return bits;
  }

  Facts random_facts(Random& random) { return {.mode = random.mode(), .is_directory = random.coin()}; }

  acl::PrincipalTable table_;
  std::vector<Person> people_ = everybody();
  PlainNames names_;
};

TEST_F(PropertyTest, WhatIsServedIsWhatIsEnforced) {
  Random random(1);
  for (int i = 0; i < rounds(150); ++i) {
    Facts facts = random_facts(random);
    facts.profile.mode_gives_base = random.below(4) != 0;
    const acl::Acl acl(random.stored(), facts.is_directory, table_);
    const auto served = serve(acl, facts, kNow, names_);
    ASSERT_TRUE(served) << served.error().reason;
    for (const Person& person : people_) {
      const std::uint32_t bits = compared(facts, person);
      ASSERT_EQ(first_match(*served, person, acl::Scope::Self, facts.is_directory).allowed & bits, enforced(acl, facts, person) & bits)
          << person.text() << ": " << text_of(*served) << "\nfrom " << text_of(acl.grants()) << std::oct << facts.mode;
    }
  }
}

TEST_F(PropertyTest, WritingBackWhatWasServedChangesNothing) {
  Random random(2);
  for (int i = 0; i < rounds(400); ++i) {
    Facts facts = random_facts(random);
    facts.profile.mode_gives_base = random.below(4) != 0;
    const Form form = random.coin() ? Form::Acl : Form::Dacl;
    const acl::Acl acl(random.stored(), facts.is_directory, table_);
    const auto served = serve(acl, facts, kNow, names_, form);
    ASSERT_TRUE(served) << served.error().reason;
    if (served->empty()) continue;
    const auto change = accept(*served, acl, facts, kNow, names_, form);
    ASSERT_TRUE(change) << change.error().reason << ": " << text_of(*served) << "\nfrom " << text_of(acl.grants());
    ASSERT_TRUE(change->set.empty() && change->remove.empty() && change->mode == facts.mode)
        << text_of(*served) << "\nfrom " << text_of(acl.grants()) << "\nset " << text_of(change->set) << std::oct << facts.mode << " to "
        << change->mode;
  }
}

TEST_F(PropertyTest, WhatIsAcceptedMeansWhatWasWritten) {
  Random random(3);
  int accepted = 0;
  for (int i = 0; i < rounds(350); ++i) {
    const Facts before = random_facts(random);
    const acl::Acl stored(random.stored(), before.is_directory, table_);
    const AceList written = random.written(before.is_directory);
    const auto change = accept(written, stored, before, kNow, names_);
    if (!change) continue;
    ++accepted;
    Facts facts = before;
    facts.mode = change->mode;
    const acl::Acl acl(applied(stored, *change), facts.is_directory, table_);
    const auto served = serve(acl, facts, kNow, names_);
    ASSERT_TRUE(served) << served.error().reason;
    const std::string story = "written " + text_of(written) + "\nserved " + text_of(*served) + "\nstored " + text_of(acl.grants());
    for (const Person& person : people_) {
      for (const acl::Scope scope : kScopes) {
        if (!facts.is_directory && scope != acl::Scope::Self) continue;
        const Verdict wanted = first_match(written, person, scope, facts.is_directory);
        const Verdict got = first_match(*served, person, scope, facts.is_directory);
        std::uint32_t bits = compared(facts, person);
        const bool here = scope == acl::Scope::Self;
        // Where nothing is said of it: everyone has it on the node, and below an allow of r brings it.
        if (((wanted.allowed | wanted.denied) & kReadAttributes) == 0) bits &= ~kReadAttributes;
        ASSERT_EQ(wanted.allowed & bits, got.allowed & bits) << person.text() << " scope " << static_cast<int>(scope) << "\n" << story;
        const bool directory = here ? facts.is_directory : scope == acl::Scope::ChildDir || scope == acl::Scope::DeepDir;
        if (!directory) bits &= ~kDeleteChild;
        const std::uint32_t real = here ? enforced(acl, facts, person) : enforced_below(acl, person, scope);
        ASSERT_EQ(wanted.allowed & bits, real & bits) << person.text() << " scope " << static_cast<int>(scope) << "\n" << story;
      }
    }
    const auto again = accept(*served, acl, facts, kNow, names_);
    ASSERT_TRUE(again) << again.error().reason << "\n" << story;
    ASSERT_TRUE(again->set.empty() && again->remove.empty() && again->mode == facts.mode) << story;
  }
  EXPECT_GT(accepted, 75);
}

TEST_F(PropertyTest, OrderIsRefusedIfAndOnlyIfItMattersToSomebody) {
  Random random(4);
  int refused = 0;
  for (int i = 0; i < rounds(300); ++i) {
    const Facts facts = random_facts(random);
    AceList list = random.written(facts.is_directory);
    std::erase_if(list, [](const Ace& ace) { return ace.type == Type::Audit; });
    Entries entries;
    for (const Ace& ace : list) {
      const std::string prefix = is_special(ace.who) ? "o:" : (ace.flags & kGroup) != 0 ? "g:" : "u:";
      entries.push_back({ace, prefix + ace.who, scopes_of_flags(ace.flags, facts.is_directory), entries.size() + 1, false});
    }
    bool matters = false;
    for (const Person& person : people_) {
      for (const acl::Scope scope : kScopes) {
        std::uint32_t differ = first_match(list, person, scope, facts.is_directory).allowed ^
                               denials_first(list, person, scope, facts.is_directory).allowed;
        if (person.owner) differ &= ~kept_by_owner(facts);
        matters |= differ != 0;
      }
    }
    std::size_t pairs = 1'000'000;
    const auto refusal = misplaced(entries, facts, names_, pairs);
    ASSERT_EQ(refusal.has_value(), matters) << text_of(list) << "\n" << (refusal ? refusal->reason : "");
    refused += refusal.has_value();
  }
  EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace acefs::nfs4
