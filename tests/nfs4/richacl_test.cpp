// SPDX-License-Identifier: MIT
// What another implementation of NFSv4 ACLs answered to random lists, against what acefs enforces once it took them.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "nfs4/letters.hpp"
#include "nfs4/mode_aces.hpp"
#include "nfs4/universe.hpp"

namespace acefs::nfs4 {
namespace {

using namespace test;

constexpr std::uint32_t kExecute = 0x20;
constexpr std::uint32_t kReadAttributes = 0x80;
constexpr std::size_t kAceLength = 5;  // type, who, mask
constexpr std::size_t kAnswerLength = 4;

struct Answer {
  const Person* person = nullptr;
  std::uint32_t allowed = 0;
};

struct Case {
  bool is_directory = false;
  AceList list;
  std::vector<Answer> answers;
};

/// tests/data/richacl.txt, whose first lines say how to read it.
class Recorded {
 public:
  Recorded() {
    std::ifstream file(ACEFS_TEST_DATA "/richacl.txt");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("p ")) {
        add_person(line);
      } else if (!line.starts_with("#")) {
        cases_.push_back(read_case(line));
      }
    }
  }
  const std::vector<Case>& cases() const { return cases_; }

 private:
  void add_person(const std::string& line) {
    std::istringstream fields(line.substr(2));
    char letter = 0;
    Person person;
    fields >> letter >> person.name;
    for (std::string group; fields >> group;) person.groups.push_back(group);
    person.owner = person.name == "1000";
    person.in_group = std::count(person.groups.begin(), person.groups.end(), "2000") != 0;
    people_[letter] = std::move(person);
  }

  static std::uint32_t mask_of(std::string_view text) {
    std::uint32_t bits = 0;
    for (char c : text) bits = bits << 6 | static_cast<std::uint32_t>(c - '0');
    return (bits >> 9) << 16 | (bits & 0x1ffu);
  }

  static Ace ace_of(std::string_view text) {
    static const std::map<char, std::string> kWho = {{'O', "OWNER@"}, {'G', "GROUP@"}, {'E', "EVERYONE@"}, {'a', "1000"}, {'b', "1001"},
                                                     {'c', "1002"},   {'x', "2000"},   {'y', "2001"},      {'z', "2002"}};
    Ace ace;
    ace.type = text[0] == 'D' ? Type::Deny : Type::Allow;
    ace.flags = text[1] >= 'x' ? kGroup : 0;
    ace.who = kWho.at(text[1]);
    ace.mask = mask_of(text.substr(2));
    return ace;
  }

  Case read_case(std::string_view line) const {
    Case read;
    read.is_directory = line[0] == 'd';
    const std::size_t end = line.find(' ', 2);
    for (std::size_t at = 2; at < end; at += kAceLength) read.list.push_back(ace_of(line.substr(at, kAceLength)));
    for (std::size_t at = end + 1; at < line.size(); at += kAnswerLength) {
      read.answers.push_back({&people_.at(line[at]), mask_of(line.substr(at + 1, kAnswerLength - 1))});
    }
    return read;
  }

  std::map<char, Person> people_;
  std::vector<Case> cases_;
};

const std::vector<Case>& recorded() {
  static const Recorded all;
  return all.cases();
}

bool denials_stand_first(const AceList& list) {
  return std::is_sorted(list.begin(), list.end(), [](const Ace& a, const Ace& b) { return a.type == Type::Deny && b.type != Type::Deny; });
}

/// The bits on which both must agree. Not y, which nothing checks; not what the owner always has here; not x of a file that
/// nobody can execute; not t where the list leaves it open: the mode gives it here, or an allow of r.
std::uint32_t compared(const Case& asked, const Answer& answer, const Facts& facts) {
  std::uint32_t bits = all_bits(facts.is_directory) & ~kSynchronize;
  if (answer.person->owner) bits &= ~kept_by_owner(facts);
  if (!facts.is_directory && (facts.mode & 0111u) == 0) bits &= ~kExecute;
  const Verdict said = first_match(asked.list, *answer.person, acl::Scope::Self, facts.is_directory);
  if (((said.allowed | said.denied) & kReadAttributes) == 0) bits &= ~kReadAttributes;
  return bits;
}

class RichaclTest : public ::testing::Test {
 protected:
  /// The list, written to a node with nothing but that mode, gives everyone asked about what richacl gives him; false when it is refused.
  bool means_the_same(const Case& asked, Facts facts) {
    const auto change = accept(asked.list, nothing_, facts, kNow, names_);
    if (!change) return false;
    facts.mode = change->mode;
    const acl::Acl acl(change->set, facts.is_directory, table_);
    const acl::Segment node{.acl = &acl, .is_directory = facts.is_directory, .mode = facts.mode, .uid = kSomebody, .gid = kSomeGroup};
    for (const Answer& answer : asked.answers) {
      const auto decision = acl::decide({&node, 1}, identity_of(*answer.person), {.need = {}, .now = kNow, .base = {}}, facts.profile);
      const std::uint32_t bits = compared(asked, answer, facts);
      EXPECT_EQ(bits_of(decision.effective) & bits, answer.allowed & bits)
          << answer.person->text() << ": " << text_of(asked.list) << "\nstored " << text_of(change->set) << std::oct << facts.mode;
    }
    return true;
  }

  static Facts facts_of(const Case& asked, std::size_t round) {
    constexpr mode_t kModes[] = {0, 0644, 0755, 0464, 0777, 0750, 0137};
    Facts facts{.mode = kModes[round % std::size(kModes)], .is_directory = asked.is_directory};
    facts.profile.mode_gives_base = round % 2 == 0;
    return facts;
  }

  const acl::Identity& identity_of(const Person& person) {
    const auto [found, is_new] = identities_.try_emplace(&person);
    if (is_new) found->second = person.identity(table_);
    return found->second;
  }

  acl::PrincipalTable table_;
  std::map<const Person*, acl::Identity> identities_;
  acl::Acl nothing_;
  PlainNames names_;
};

TEST_F(RichaclTest, FirstMatchAsTheOtherTestsTakeItIsWhatRichaclAnswers) {
  ASSERT_EQ(recorded().size(), 10000U);
  for (const Case& asked : recorded()) {
    for (const Answer& answer : asked.answers) {
      ASSERT_EQ(first_match(asked.list, *answer.person, acl::Scope::Self, asked.is_directory).allowed, answer.allowed)
          << answer.person->text() << ": " << text_of(asked.list);
    }
  }
}

TEST_F(RichaclTest, ListWithDenialsFirstIsTakenAndEnforcedAsRichaclAnswers) {
  std::size_t round = 0;
  for (const Case& asked : recorded()) {
    if (!denials_stand_first(asked.list)) continue;
    ASSERT_TRUE(means_the_same(asked, facts_of(asked, round++))) << "refused: " << text_of(asked.list);
    if (HasFailure()) return;
  }
  EXPECT_GT(round, 7500U);
}

TEST_F(RichaclTest, ListInAnyOtherOrderIsRefusedOrEnforcedAsRichaclAnswers) {
  std::size_t round = 0, taken = 0;
  for (const Case& asked : recorded()) {
    if (denials_stand_first(asked.list)) continue;
    taken += means_the_same(asked, facts_of(asked, round++));
    if (HasFailure()) return;
  }
  EXPECT_GT(taken, 100U);
  EXPECT_GT(round - taken, 100U);
}

}  // namespace
}  // namespace acefs::nfs4
