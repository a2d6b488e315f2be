// SPDX-License-Identifier: MIT
// The daemon is killed while users work: what was done stays done, what was being done is done or not, and a new daemon serves at once.
//
// ACEFS_CRASHES: how often it is killed under load, and it prints a line of what it found. The default suits every run; 200 is the full
// size.
#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <set>
#include <sstream>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/nodes.hpp"
#include "acectl/run.hpp"
#include "acefs/acl/acl.hpp"
#include "acefs/backing/grants.hpp"
#include "backing/side_map.hpp"
#include "crash_load.hpp"

namespace acefs::test {
namespace {

struct Told {
  int exit = -1;
  std::vector<std::vector<std::string>> decisions;  ///< lines of fields
};

/// acectl on the backing, as an administrator runs it after a crash.
Told acectl(const std::vector<std::string>& arguments) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  tool::Io io{in, out, err, now};
  Told told;
  told.exit = tool::acectl::run(arguments, io);
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream fields(line);
    auto& decision = told.decisions.emplace_back();
    for (std::string field; std::getline(fields, field, '\t');) decision.push_back(field);
  }
  EXPECT_EQ(err.str(), "");
  return told;
}

/// What the backing holds of a node's ACL.
struct Found {
  std::vector<Granted> by_user{kLoadUsers.size()};
  bool in_side_file = false;
};

/// The number of a principal among those of the load; nothing for others.
std::optional<std::pair<std::size_t, std::size_t>> place_of(const std::string& principal) {
  for (std::size_t of = 0; of < kLoadUsers.size(); ++of)
    for (std::size_t i = 0; i < Granted::kPrincipals; ++i)
      if (principal == user(principal_of(of, i))) return std::pair{of, i};
  return std::nullopt;
}

std::uint8_t number_of(const std::string& letters) {
  for (std::uint8_t i = 1; i < kLetterSets; ++i)
    if (acl::mask_of(letters) == acl::mask_of(letters_of(i))) return i;
  ADD_FAILURE() << "nobody wrote the letters " << letters;
  return 0;
}

class CrashTest : public ::testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_FUSE();
    enter_mount_namespace();
    make_load_tree(tree_.path(), diaries_);
    root_ = UniqueFd(::open(tree_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  static int crashes() {
    const char* wanted = std::getenv("ACEFS_CRASHES");
    return wanted != nullptr ? std::atoi(wanted) : 8;
  }
  MountOptions options(int round) const {
    static constexpr std::array kWays = {"overflow=always", "overflow=auto", "overflow=always,coherence=statx"};
    return {.options = kWays[static_cast<std::size_t>(round) % kWays.size()], .source = tree_.path(), .mount_point = point_.path()};
  }
  std::string real(const std::string& name) const { return tree_.at(name); }
  std::string at(const std::string& name) const { return point_.at(name); }

  Found read(const std::string& node) {
    Found found;
    const UniqueFd fd(::open(real(node).c_str(), O_PATH | O_CLOEXEC));
    const auto stored = backing::GrantStore(root_.get(), {}).read(fd.get());
    if (!stored) {
      ADD_FAILURE() << node << ": its ACL cannot be read: " << errno_name(stored.status().errno_value());
      return found;
    }
    found.in_side_file = !stored->side_path.empty();
    for (const auto& [text, value] : stored->values) {
      const auto key = acl::parse_key(text);
      const auto place = key ? place_of(key->principal) : std::nullopt;
      if (!place) {
        ADD_FAILURE() << node << ": nobody wrote " << text;
        continue;
      }
      const auto grant = acl::Grant::read(*key, value);
      if (!grant.ace) {
        ADD_FAILURE() << node << ": malformed: " << text;
        continue;
      }
      Granted& granted = found.by_user[place->first];
      (key->kind == acl::KeyKind::Deny ? granted.denied : granted.allowed)[place->second] = number_of(grant.ace->permissions);
    }
    return found;
  }

  /// Old or new; of a list whose ACEs are attributes each of them old or new, and nobody has a letter that neither list gives him.
  void judge(const Deed& deed, const Granted& found, bool in_side_file, const std::string& what) {
    const bool old = found == deed.before;
    const bool done = found == deed.after;
    ++(deed.before == deed.after ? idle_ : old ? old_ : done ? new_ : between_);
    if (old || done) return;
    EXPECT_FALSE(deed.whole || in_side_file) << what << ": neither the old ACL nor the new one";
    for (std::size_t i = 0; i < Granted::kPrincipals; ++i) {
      EXPECT_TRUE(found.allowed[i] == deed.before.allowed[i] || found.allowed[i] == deed.after.allowed[i]) << what << " " << i;
      EXPECT_TRUE(found.denied[i] == deed.before.denied[i] || found.denied[i] == deed.after.denied[i]) << what << " " << i;
      for (const char letter : found.rights(i)) {
        const bool given = (deed.before.rights(i) + deed.after.rights(i)).find(letter) != std::string::npos;
        EXPECT_TRUE(given) << what << ": " << letter << " for " << i << " by neither the old list nor the new one";
      }
    }
  }

  void judge_user(std::size_t of, const Found& shared) {
    Diary& diary = diaries_.of(of);
    const std::string dir = directory_of(of);
    SCOPED_TRACE(dir + ", doing " + diary.doing.data());
    const std::string content = slurp(real(dir + "/node"));
    const Found own = read(dir + "/node");
    if (own.in_side_file) ++side_files_;
    if (content != content_of(diary.own.content_before)) {
      EXPECT_EQ(content, content_of(diary.own.content_after)) << "neither the old file nor the new one";
      EXPECT_EQ(own.by_user[of], Granted{}) << "the file is new and nobody has granted anything";
      diary.own.after = {};
      diary.own.content_before = diary.own.content_after;
    } else {
      judge(diary.own, own.by_user[of], own.in_side_file, "own");
      diary.own.content_after = diary.own.content_before;
    }
    judge(diary.shared, shared.by_user[of], shared.in_side_file, "shared");
    // What is there now is what the next round begins with.
    diary.own.before = diary.own.after = own.by_user[of];
    diary.shared.before = diary.shared.after = shared.by_user[of];

    const std::uint32_t kept = diary.synced < kKeptFiles ? diary.synced : kKeptFiles - 1;
    for (std::uint32_t number = diary.synced - kept; number < diary.synced; ++number)
      EXPECT_EQ(slurp(real(dir + "/" + data_name(number))), content_of(number)) << "was synced: " << number;
    judge_names(dir, diary);
  }

  void judge_names(const std::string& dir, const Diary& diary) {
    std::set<std::string> expected = {"node", "node.new"};
    for (std::uint32_t back = 0; back <= kKeptFiles && back <= diary.synced; ++back) expected.insert(data_name(diary.synced - back));
    for (const std::string& name : names_in(real(dir))) {
      EXPECT_TRUE(expected.contains(name)) << name;
      EXPECT_EQ(lstat_of(real(dir + "/" + name)).st_uid, lstat_of(real(dir)).st_uid) << name;
    }
  }

  /// Everything in `.oc-nodes` is a whole side file, a lock, or named by `acectl verify`.
  void judge_side_directory() {
    std::set<std::string> named;
    for (const auto& decision : acectl({"verify", tree_.path()}).decisions) {
      ASSERT_GE(decision.size(), 4U);
      const std::string& file = decision[1];
      const std::string& why = decision[3];
      EXPECT_TRUE(why.starts_with("left by a writer") || why.starts_with("an attribute still")) << file << ": " << why;
      if (why.starts_with("left by a writer")) named.insert(file.substr(file.find(".oc-nodes")));
    }
    left_over_ += named.size();
    if (!exists(real(".oc-nodes"))) return;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(real(".oc-nodes"))) {
      if (!entry.is_regular_file()) continue;
      const std::string path = entry.path().string().substr(tree_.path().size() + 1);
      if (path.ends_with(".mlock")) continue;
      if (path.ends_with(".mpk")) {
        EXPECT_TRUE(backing::unpack(slurp(entry.path()))) << path << " is no whole side file";
      } else {
        EXPECT_TRUE(named.contains(path)) << path << " is not named by acectl verify";
      }
    }
  }

  void judge_backing() {
    const Found shared = read("shared");
    if (shared.in_side_file) ++side_files_;
    for (std::size_t i = 0; i < kLoadUsers.size(); ++i) judge_user(i, shared);
    judge_side_directory();
  }

  /// Whether each is let in who may, and nobody else, through the mount.
  void serves(std::mt19937& random) {
    for (std::size_t of = 0; of < kLoadUsers.size(); ++of) {
      const uid_t uid = kLoadUsers[of];
      const std::string node = directory_of(of) + "/node";
      const auto opens = [&](uid_t who) { return errno_as(who, who, [&] { return try_open(at(node), O_RDONLY); }); };
      EXPECT_EQ(run_as(uid, uid, [&] { return slurp(at(node)); }), content_of(diaries_.of(of).own.content_before));
      EXPECT_EQ(opens(kCarol), EACCES);
      for (int i = 0; i < 3; ++i) {
        const std::size_t number = random() % Granted::kPrincipals;
        EXPECT_EQ(opens(principal_of(of, number)), diaries_.of(of).own.before.may_read(number) ? 0 : EACCES) << node << " " << number;
      }
    }
  }

  /// A daemon, users at work, and a kill at some moment.
  void crash(int round, std::mt19937& random) {
    Mount mount(options(round));
    ASSERT_TRUE(mount.ready()) << "not served at once: " << mount.log();
    serves(random);
    Load load(point_.path(), diaries_, random());
    load.wait_for(1 + random() % 150);
    const timespec moment{.tv_sec = 0, .tv_nsec = static_cast<long>(random() % 3'000'000)};
    ::ppoll(nullptr, 0, &moment, nullptr);
    ::kill(mount.pid(), SIGKILL);
    for (const int error : load.end()) {
      EXPECT_TRUE(error == ENOTCONN || error == ECONNABORTED) << "what users were told: " << errno_name(error);
    }
    EXPECT_EQ(mount.wait(), 1000 + SIGKILL) << mount.log();
  }

  TempDir tree_;
  TempDir point_;
  Diaries diaries_;
  UniqueFd root_;
  int idle_ = 0;
  int old_ = 0;
  int new_ = 0;
  int between_ = 0;
  int side_files_ = 0;
  std::size_t left_over_ = 0;
};

TEST_F(CrashTest, LeavesTheOldAclOrTheNewOneAndAllThatWasSynced) {
  std::mt19937 random(20'26);
  int round = 0;
  for (; round < crashes() && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    crash(round, random);
    judge_backing();
  }
  EXPECT_GT(side_files_, 0) << "nothing was ever moved to a side file";
  std::uint32_t steps = 0;
  for (std::size_t i = 0; i < kLoadUsers.size(); ++i) steps += diaries_.of(i).steps;
  if (std::getenv("ACEFS_CRASHES") != nullptr) {
    std::cout << round << " kills, " << steps << " steps before them; of ACLs being changed " << old_ << " were old, " << new_ << " new, "
              << between_ << " lists between; " << side_files_ << " in side files; " << left_over_ << " temporary files seen\n";
  }

  // What crashes left is tidied up by what the manual says.
  acectl({"verify", "--repair", tree_.path()});
  EXPECT_EQ(acectl({"gc", tree_.path()}).exit, 0);
  EXPECT_EQ(acectl({"verify", tree_.path()}).exit, 0);
  judge_backing();
}

TEST_F(CrashTest, LeavesAMountPointThatIsFreeOnceUnmounted) {
  Mount first(options(0));
  REQUIRE_MOUNT(first);
  const UniqueFd held(::open(at("shared").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(held);
  ::kill(first.pid(), SIGKILL);
  pollfd none{.fd = held.get(), .events = POLLIN, .revents = 0};
  while (try_open(at("shared"), O_RDONLY) == 0 || errno != ENOTCONN) ::poll(&none, 0, 1);  // until the kernel has noticed
  std::string log;
  EXPECT_EQ(run_daemon({tree_.path(), point_.path(), "-f"}, &log), EX_UNAVAILABLE);
  EXPECT_NE(log.find("umount it"), std::string::npos) << log;
  // A file of the dead mount is still open, so umount(8) needs -l.
  EXPECT_EQ(::umount(point_.path().c_str()), -1);
  EXPECT_EQ(errno, EBUSY);
  ASSERT_EQ(::umount2(point_.path().c_str(), MNT_DETACH), 0);
  Mount second(options(0));
  REQUIRE_MOUNT(second);
  EXPECT_EQ(slurp(at("shared")), "content");
  EXPECT_EQ(errno_as(kCarol, kCarol, [&] { return try_open(at("shared"), O_RDONLY); }), EACCES);
  char byte = 0;
  EXPECT_EQ(::read(held.get(), &byte, 1), -1);
  EXPECT_EQ(errno, ENOTCONN) << "what was open in the dead mount stays dead";
  EXPECT_EQ(second.stop(), 0);
  EXPECT_EQ(first.wait(), 1000 + SIGKILL);
}

}  // namespace
}  // namespace acefs::test
