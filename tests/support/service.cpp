// SPDX-License-Identifier: MIT
#include "service.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <system_error>

namespace acefs::test {
namespace {

constexpr int kPatienceMs = 60'000;
/// A server that writes more than its pipe holds would stop: room for all that one writes in a test.
constexpr int kPipeSize = 1 << 20;

struct Pipe {
  UniqueFd reading;
  UniqueFd writing;
};

Pipe new_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// Forks and runs the command with its output going to `output`; the leader of a session of its own, so that its children can be
/// ended with it.
pid_t start(const Command& command, int output) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  Command copy = command;
  for (std::string& variable : copy.environment) ::putenv(variable.data());
  std::vector<char*> argv;
  for (std::string& argument : copy.arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::execvp(argv.front(), argv.data());
  ::_exit(127);
}

int exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status); }

/// Appends what comes next; false at the end, or when nothing is there and `fd` does not block.
bool read_more(int fd, std::string& to) {
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count <= 0) return false;
  to.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

/// A datagram socket at `path`, as systemd listens on for services' notifications.
UniqueFd notification_socket(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::system_error(errno, std::generic_category(), path);
  return fd;
}

}  // namespace

Outcome run_program(const Command& command) {
  Pipe pipe = new_pipe();
  const pid_t pid = start(command, pipe.writing.get());
  pipe.writing.reset();
  Outcome outcome;
  pollfd more{pipe.reading.get(), POLLIN, 0};
  while (::poll(&more, 1, kPatienceMs) == 1 && read_more(pipe.reading.get(), outcome.output)) {
  }
  if (more.revents == 0) ::kill(-pid, SIGKILL);  // it wrote nothing for too long
  int status = 0;
  if (::waitpid(pid, &status, 0) == pid) outcome.code = exit_code(status);
  return outcome;
}

std::string find_program(const std::string& name) {
  // Servers live where a user's PATH does not look.
  const char* path = std::getenv("PATH");
  std::istringstream places(std::string(path != nullptr ? path : "") + ":/usr/sbin:/sbin");
  for (std::string place; std::getline(places, place, ':');) {
    std::string candidate = place + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

Service::Service(const Command& command, const std::string& phrase) {
  const std::string socket = place_.at("notify");
  const UniqueFd notifications = notification_socket(socket);
  Pipe pipe = new_pipe();
  ::fcntl(pipe.reading.get(), F_SETPIPE_SZ, kPipeSize);
  ::fcntl(pipe.reading.get(), F_SETFL, O_NONBLOCK);
  output_ = std::move(pipe.reading);
  Command told = command;
  told.environment.push_back("NOTIFY_SOCKET=" + socket);
  pid_ = start(told, pipe.writing.get());
  pipe.writing.reset();
  ready_ = wait_until_ready(notifications.get(), phrase);
}

bool Service::wait_until_ready(int notifications, const std::string& phrase) {
  std::array<pollfd, 2> news{{{notifications, POLLIN, 0}, {output_.get(), POLLIN, 0}}};
  std::string notified;
  while (::poll(news.data(), news.size(), kPatienceMs) > 0) {
    if (read_more(notifications, notified) && notified.find("READY=1") != std::string::npos) return true;
    const bool wrote = read_more(output_.get(), log_);
    if (wrote && !phrase.empty() && log_.find(phrase) != std::string::npos) return true;
    if (!wrote && (news[1].revents & POLLHUP) != 0) return false;  // it has ended
  }
  return false;
}

const std::string& Service::log() {
  while (read_more(output_.get(), log_)) {
  }
  return log_;
}

Service::~Service() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  pollfd closed{output_.get(), 0, 0};  // when the last of its processes has ended
  for (int patience = kPatienceMs; (closed.revents & POLLHUP) == 0; patience = 0) {
    if (::poll(&closed, 1, patience) == 0) {
      ::kill(-pid_, SIGKILL);
      break;
    }
  }
  ::waitpid(pid_, nullptr, 0);
}

void enter_network_namespace() {
  static const bool entered = [] {
    if (::unshare(CLONE_NEWNET) != 0) return false;
    const UniqueFd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq loopback{};
    std::strcpy(loopback.ifr_name, "lo");
    loopback.ifr_flags = IFF_UP;
    return ::ioctl(any.get(), SIOCSIFFLAGS, &loopback) == 0;
  }();
  if (!entered) throw std::system_error(errno, std::generic_category(), "a network namespace of our own");
}

}  // namespace acefs::test
