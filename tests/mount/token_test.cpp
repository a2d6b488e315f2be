// SPDX-License-Identifier: MIT
// Tokens on a real mount, and acefs.toml that changes while it serves.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "rows.hpp"

namespace acefs::test {
namespace {

constexpr uid_t kToken = 20009;  ///< the account of Alice's token
const std::string kTokenName = "u:20001!ci";

/// Carol has no token: what she may is what it is without any.
class TokenTest : public MountedTest {
 protected:
  static constexpr const char* kBound = "[token.\"20001!ci\"]\naccount = 20009\n";

  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("d"), 0711);
    make_file(real("d/f"), 0600);
  }
  MountOptions options() const override {
    configure(kBound);
    return {.arguments = {"--config", config()}};
  }
  std::string config() const { return dir_.at("acefs.toml"); }
  /// As acectl and editors do: a new file in the old one's place.
  void configure(const std::string& text) const {
    if (spill(config() + ".new", text, O_WRONLY | O_CREAT | O_TRUNC, 0644) != 0) throw std::runtime_error(config());
    if (::rename((config() + ".new").c_str(), config().c_str()) != 0) throw std::runtime_error(config());
  }
  /// Nobody sends a signal. Not for ever.
  bool comes_to(int expected, uid_t uid, const std::function<long()>& call) {
    for (const acl::TimePoint end = now() + 10'000'000'000; now() < end;) {
      if (errno_as(uid, uid, call) == expected) return true;
    }
    return false;
  }

  std::function<long()> open_for(int flags, const std::string& name = "d/f") {
    return [this, flags, name] { return try_open(at(name), flags); };
  }
  int as_token(const std::function<long()>& call) { return errno_as(kToken, kToken, call); }
  int as_alice(const std::function<long()>& call) { return errno_as(kAlice, kAlice, call); }

  TempDir dir_;
};

TEST_F(TokenTest, HasWhatBothItAndItsUserHave) {
  ASSERT_EQ(allow(real("d"), user(kAlice), "rw"), 0);
  EXPECT_EQ(as_alice(open_for(O_RDWR)), 0);
  EXPECT_EQ(as_token(open_for(O_RDONLY)), EACCES);
  ASSERT_EQ(allow(real("d"), kTokenName, "r"), 0);
  EXPECT_EQ(as_token(open_for(O_RDONLY)), 0);
  EXPECT_EQ(as_token(open_for(O_RDWR)), EACCES);
  ASSERT_EQ(remove_allow(real("d"), user(kAlice)), 0);
  EXPECT_EQ(as_token(open_for(O_RDONLY)), EACCES) << "its user may not any more";
}

TEST_F(TokenTest, OwnsWhatItsUserOwns) {
  make_file(real("d/hers"), 0600, "content", kAlice, kAlice);
  make_file(real("d/its"), 0666, "content", kToken, kToken);
  const auto chmod = [this](const std::string& name) { return [this, name]() -> long { return ::chmod(at(name).c_str(), 0640); }; };
  EXPECT_EQ(as_token(chmod("d/hers")), 0);
  EXPECT_EQ(errno_as(kCarol, kCarol, chmod("d/hers")), EPERM);
  EXPECT_EQ(as_token(chmod("d/its")), EPERM) << "Alice could not";
}

TEST_F(TokenTest, CreatesForItselfUnlessTold) {
  make_dir(real("d/in"), 0777);
  const auto owner = [this](const std::string& name) {
    struct stat st {};
    return ::lstat(real(name).c_str(), &st) == 0 ? st.st_uid : static_cast<uid_t>(-1);
  };
  EXPECT_EQ(as_token(open_for(O_WRONLY | O_CREAT, "d/in/a")), 0);
  EXPECT_EQ(owner("d/in/a"), kToken);
  configure(std::string(kBound) + "creates_for = \"user\"\n");
  const auto make = [&, n = 0]() mutable -> long {
    const std::string name = "d/in/b" + std::to_string(n++);
    const long made = try_open(at(name), O_WRONLY | O_CREAT);
    if (made < 0) return made;
    if (owner(name) == kAlice) return 0;
    ::unlink(real(name).c_str());
    errno = EAGAIN;
    return -1;
  };
  ASSERT_TRUE(comes_to(0, kToken, make));
  EXPECT_EQ(as_token([&] { return ::mkdir(at("d/in/c").c_str(), 0755); }), 0);
  EXPECT_EQ(as_token([&] { return ::symlink("x", at("d/in/l").c_str()); }), 0);
  EXPECT_EQ(as_token([&] { return ::mkfifo(at("d/in/p").c_str(), 0600); }), 0);
  for (const char* name : {"d/in/c", "d/in/l", "d/in/p"}) EXPECT_EQ(owner(name), kAlice) << name;
  EXPECT_EQ(errno_as(kCarol, kCarol, open_for(O_WRONLY | O_CREAT, "d/in/hers")), 0);
  EXPECT_EQ(owner("d/in/hers"), kCarol);
}

TEST_F(TokenTest, WritesToWhatItJustCreated) {
  make_dir(real("d/in"), 0777);
  EXPECT_EQ(as_token([&]() -> long {
              const int fd = ::open(at("d/in/a").c_str(), O_RDWR | O_CREAT, 0600);
              return fd < 0 ? fd : ::pwrite(fd, "x", 1, 0);
            }),
            0);
}

TEST_F(TokenTest, IsNamedAsCreatorOfItsGrants) {
  make_file(real("d/hers"), 0600, "content", kAlice, kAlice);
  acl::Ace ace;
  ace.type = "A";
  ace.permissions = "r";
  ASSERT_EQ(as_token([&] { return set_attribute(at("d/hers"), allow_name(user(kBob)), acl::encode(ace)); }), 0);
  const auto stored = acl::decode({acl::KeyKind::Plain, user(kBob)}, get_attribute(real("d/hers"), allow_name(user(kBob))));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->creator, "20001!ci");
}

TEST_F(TokenTest, GivesNoFileAwayToAGroupThatItsUserIsNotIn) {
  make_file(real("d/hers"), 0600, "content", kAlice, kAlice);
  const auto give = [this]() -> long { return ::chown(at("d/hers").c_str(), static_cast<uid_t>(-1), kStaff); };
  EXPECT_EQ(errno_as(kAlice, kAlice, {kStaff}, give), 0);
  make_file(real("d/more"), 0600, "content", kAlice, kAlice);
  EXPECT_EQ(errno_as(kToken, kToken, {kStaff}, [this]() -> long { return ::chown(at("d/more").c_str(), static_cast<uid_t>(-1), kStaff); }), EPERM);
}

TEST_F(TokenTest, EndsWithItsUserOpenHandlesIncludedAndNobodySendsASignal) {
  make_file(real("d/f"), 0666);
  int fd = -1;
  User token(kToken, kToken);
  token.start({[&] { return fd = ::open(at("d/f").c_str(), O_RDWR); },
               [&] {
                 char byte = 0;
                 return ::pread(fd, &byte, 1, 0);
               },
               [&] { return ::pwrite(fd, "x", 1, 0); }});
  ASSERT_EQ(token.run(0), 0);
  ASSERT_EQ(token.run(1), 0);
  configure(std::string(kBound) + "[user.20001]\nenabled = false\n");
  EXPECT_TRUE(comes_to(EACCES, kAlice, open_for(O_RDONLY)));
  EXPECT_EQ(as_token(open_for(O_RDONLY)), EACCES);
  EXPECT_EQ(token.run(1), EACCES);
  EXPECT_EQ(token.run(2), EACCES);
  EXPECT_EQ(errno_as(kCarol, kCarol, open_for(O_RDONLY)), 0);
  configure(kBound);
  EXPECT_TRUE(comes_to(0, kToken, open_for(O_RDONLY)));
}

TEST_F(TokenTest, AnOpenHandleEndsWithTheGrantOfEither) {
  for (const std::string& who : {user(kAlice), kTokenName}) {
    ASSERT_EQ(allow(real("d"), user(kAlice), "r"), 0);
    ASSERT_EQ(allow(real("d"), kTokenName, "r"), 0);
    int fd = -1;
    User token(kToken, kToken);
    token.start({[&] { return fd = ::open(at("d/f").c_str(), O_RDONLY); },
                 [&] {
                   char byte = 0;
                   return ::pread(fd, &byte, 1, 0);
                 }});
    ASSERT_EQ(token.run(0), 0);
    ASSERT_EQ(token.run(1), 0);
    ASSERT_EQ(remove_allow(real("d"), who), 0);
    EXPECT_EQ(token.run(1), EACCES) << who;
  }
}

TEST_F(TokenTest, AConfigurationThatIsNoneChangesNothing) {
  make_file(real("d/f"), 0666);
  configure("[user.20001\n");
  configure("[user.20001\n# again\n");
  EXPECT_EQ(as_alice(open_for(O_RDONLY)), 0);
  configure(std::string(kBound) + "enabled = false\n");
  EXPECT_TRUE(comes_to(EACCES, kToken, open_for(O_RDONLY)));
  EXPECT_EQ(as_alice(open_for(O_RDONLY)), 0);
}

}  // namespace
}  // namespace acefs::test
