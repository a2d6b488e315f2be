// SPDX-License-Identifier: MIT
// Fifos, sockets and devices: the kernel opens them by itself, once their name was looked up; ACEs above them decide that.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "acefs/base/unique_fd.hpp"
#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"

namespace acefs::test {
namespace {

/// In `d`, Bob has r by an ACE and Carol w; Alice nothing, nor anybody by a mode.
class SpecialFileTest : public MountedTest {
 protected:
  MountOptions options() const override { return {.options = "dev"}; }
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("d"), 0711);
    ASSERT_EQ(allow(real("d"), user(kBob), "r"), 0);
    ASSERT_EQ(allow(real("d"), user(kCarol), "w"), 0);
  }
  std::string opens(uid_t uid, const std::string& name, int flags) {
    return errno_name(errno_as(uid, uid, [&] { return try_open(at(name), flags | O_NONBLOCK); }));
  }
};

TEST_F(SpecialFileTest, AFifoIsReadByWhoHasRAndWrittenByWhoHasW) {
  ASSERT_EQ(::mkfifo(real("d/p").c_str(), 0600), 0);
  EXPECT_EQ(opens(kBob, "d/p", O_RDONLY), "0");
  EXPECT_EQ(opens(kBob, "d/p", O_WRONLY), "EACCES");
  EXPECT_EQ(opens(kBob, "d/p", O_RDWR), "EACCES");
  EXPECT_EQ(opens(kCarol, "d/p", O_RDONLY), "EACCES");
  EXPECT_EQ(opens(kCarol, "d/p", O_WRONLY), "ENXIO") << "she may; nobody reads";
  for (const int flags : {O_RDONLY, O_WRONLY, O_RDWR}) EXPECT_EQ(opens(kAlice, "d/p", flags), "EACCES") << flags;

  User bob(kBob, kBob);
  int reader = -1;
  bob.start({[&] { return reader = ::open(at("d/p").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); },
             [&] {
               std::array<char, 8> bytes{};
               return ::read(reader, bytes.data(), bytes.size()) == 4 && std::string(bytes.data()) == "word" ? 0 : -1;
             }});
  ASSERT_EQ(bob.run(0), 0);
  EXPECT_EQ(errno_as(kCarol, kCarol, [&] { return spill(at("d/p"), "word", O_WRONLY | O_NONBLOCK); }), 0);
  EXPECT_EQ(bob.run(1), 0);

  ASSERT_EQ(remove_allow(real("d"), user(kBob)), 0);
  EXPECT_EQ(opens(kBob, "d/p", O_RDONLY), "EACCES") << "revoked";
  EXPECT_EQ(opens(kAlice, "d/p", O_RDONLY), "EACCES");
}

TEST_F(SpecialFileTest, ASocketIsConnectedToByWhoHasW) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = at("d/s");
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  const auto* const where = reinterpret_cast<const sockaddr*>(&address);
  const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(listener.get(), where, sizeof address), 0) << errno_name(errno);
  ASSERT_EQ(::listen(listener.get(), 5), 0);
  ASSERT_EQ(::chmod(real("d/s").c_str(), 0600), 0);
  const auto connects = [&](uid_t uid) {
    return errno_name(errno_as(uid, uid, [&] {
      const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
      return ::connect(socket.get(), where, sizeof address);
    }));
  };
  EXPECT_EQ(connects(kAlice), "EACCES");
  EXPECT_EQ(connects(kCarol), "0");
  EXPECT_EQ(connects(kBob), "EACCES") << "r is not enough";
  ASSERT_EQ(deny(real("d"), user(kCarol), "w"), 0);
  EXPECT_EQ(connects(kCarol), "EACCES");
}

TEST_F(SpecialFileTest, ADeviceIsOpenedAsItsAcesSay) {
  ASSERT_EQ(::mknod(real("d/zero").c_str(), S_IFCHR | 0600, makedev(1, 5)), 0);
  EXPECT_EQ(opens(kBob, "d/zero", O_RDONLY), "0");
  EXPECT_EQ(opens(kBob, "d/zero", O_WRONLY), "EACCES");
  EXPECT_EQ(opens(kCarol, "d/zero", O_WRONLY), "0");
  EXPECT_EQ(opens(kCarol, "d/zero", O_RDWR), "EACCES");
  for (const int flags : {O_RDONLY, O_WRONLY, O_RDWR}) EXPECT_EQ(opens(kAlice, "d/zero", flags), "EACCES") << flags;
}

TEST_F(SpecialFileTest, AUsersDeviceIsNotMade) {
  ASSERT_EQ(allow(real("d"), user(kAlice), "rwxa"), 0);
  const auto makes = [&](uid_t uid) { return errno_name(errno_as(uid, uid, [&] { return ::mknod(at("d/new").c_str(), S_IFCHR | 0666, makedev(1, 5)); })); };
  EXPECT_EQ(makes(kAlice), "EPERM");
  EXPECT_FALSE(exists(real("d/new")));
}

class NoDeviceTest : public SpecialFileTest {
 protected:
  MountOptions options() const override { return {}; }
};

TEST_F(NoDeviceTest, WithoutTheOptionNobodyOpensOne) {
  ASSERT_EQ(::mknod(real("d/zero").c_str(), S_IFCHR | 0666, makedev(1, 5)), 0);
  for (const uid_t uid : {uid_t{0}, kBob, kCarol}) EXPECT_EQ(opens(uid, "d/zero", O_RDONLY), "EACCES") << uid;
}

}  // namespace
}  // namespace acefs::test
