// SPDX-License-Identifier: MIT
// The audit trail of a confined daemon in syslog and in the journal: the test listens where these do.
#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "../support/as_user.hpp"
#include "../support/grants.hpp"
#include "../support/mount.hpp"
#include "../support/nodes.hpp"
#include "acefs/base/unique_fd.hpp"

namespace acefs::test {
namespace {

constexpr const char* kSyslog = "/dev/log";
constexpr const char* kJournal = "/run/systemd/journal/socket";

/// A /dev and a /run of the test's own, without what listens in the machine's: in the mount namespace of the test, once.
bool enter_quiet_places() {
  static const bool entered = [] {
    const UniqueFd devices(::open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const auto covered = [](const char* place) { return ::mount("tmpfs", place, "tmpfs", 0, "mode=755") == 0; };
    if (!devices || !covered("/dev") || !covered("/run")) return false;
    for (const std::string name : {"fuse", "null", "zero", "urandom"}) {
      const std::string device = "/proc/self/fd/" + std::to_string(devices.get()) + "/" + name;
      if (spill("/dev/" + name, "", O_WRONLY | O_CREAT) != 0) return false;
      if (::mount(device.c_str(), ("/dev/" + name).c_str(), nullptr, MS_BIND, nullptr) != 0) return false;
    }
    return true;
  }();
  return entered;
}

/// Receives what programs send to the log at that path.
class Listener {
 public:
  explicit Listener(const std::string& path) : path_(path), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error(path);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { ::unlink(path_.c_str()); }

  /// The next datagram with that text in it; what came until then, if none comes.
  std::string next_with(const std::string& text) {
    std::string others;
    for (pollfd arrived{fd_.get(), POLLIN, 0}; ::poll(&arrived, 1, 20'000) == 1;) {
      std::array<char, 8192> bytes{};
      const ssize_t size = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
      const std::string datagram(bytes.data(), static_cast<std::size_t>(size > 0 ? size : 0));
      if (datagram.find(text) != datagram.npos) return datagram;
      others += datagram + "\n";
    }
    return "nothing with " + text + ", but: " + others;
  }

 private:
  std::string path_;
  UniqueFd fd_;
};

class SystemLogTest : public MountedTest {
 protected:
  void SetUp() override {
    REQUIRE_FUSE();
    enter_mount_namespace();
    if (!enter_quiet_places()) GTEST_SKIP() << "no /dev of its own";
    if (std::string why; !can_log(why)) GTEST_SKIP() << why;
    log_.emplace(path());
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_dir(real("d"), 0755);
    make_file(real("d/100%s"), 0600);
    ASSERT_EQ(audit(real("d"), user(kBob), "r", "F"), 0);
  }
  virtual bool can_log(std::string&) const { return true; }
  virtual const char* path() const = 0;

  /// What the log gets when Alice, whom nothing watches, and then Bob try to read.
  std::string record() {
    for (const uid_t uid : {kAlice, kBob}) EXPECT_EQ(errno_as(uid, uid, [&] { return try_open(at("d/100%s"), O_RDONLY); }), EACCES);
    return log_->next_with("\"operation\"");
  }
  void expect_confined() {
    const std::string status = get_attribute(mount().point(), "system.acefs.status");
    EXPECT_NE(status.find("sandbox_capabilities=dropped\n"), std::string::npos) << status;
    EXPECT_NE(status.find("audit_lost=0\n"), std::string::npos) << status;
  }

 private:
  std::optional<Listener> log_;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string kBobs = R"("path":"/d/100%s","principal":"u:20002","uid":20002,)";

class SyslogTest : public SystemLogTest {
 protected:
  MountOptions options() const override { return {.options = "audit_to=syslog", .arguments = {}, .source = {}, .open_files = 0}; }
  const char* path() const override { return kSyslog; }
};

TEST_F(SyslogTest, GetsTheObjectBehindItsCookie) {
  const std::string line = record();
  EXPECT_TRUE(line.starts_with("<30>")) << "daemon.info: " << line;
  EXPECT_TRUE(has(line, " acefs[" + std::to_string(mount().pid()) + "]: @cee: {\"time\":")) << line;
  EXPECT_TRUE(has(line, kBobs)) << line;
  EXPECT_TRUE(line.ends_with("}")) << line;
  expect_confined();
}

class JournalTest : public SystemLogTest {
 protected:
  MountOptions options() const override { return {.options = "audit_to=journal", .arguments = {}, .source = {}, .open_files = 0}; }
  const char* path() const override { return kJournal; }
  bool can_log(std::string& why) const override {
    // A start that fails in any case, by its last option.
    const TempDir source;
    const TempDir point;
    run_daemon({"-f", source.path(), point.path(), "-o", "audit_to=journal,status_socket=/nonexistent/socket"}, &why);
    return !has(why, "without libsystemd");
  }
};

TEST_F(JournalTest, GetsTheObjectAsTheMessage) {
  const std::string entry = record();
  EXPECT_TRUE(entry.starts_with("MESSAGE={\"time\":")) << entry;
  EXPECT_TRUE(has(entry, kBobs)) << entry;
  EXPECT_TRUE(has(entry, "\nSYSLOG_IDENTIFIER=acefs\n")) << entry;
  expect_confined();
}

}  // namespace
}  // namespace acefs::test
