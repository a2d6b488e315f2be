// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "acefs/acl/ace.hpp"

namespace acefs::tool {

/// What a tool reads, writes and takes the time from, so that tests can run it in process.
struct Io {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  std::function<acl::TimePoint()> now;
  bool err_is_terminal = false;  ///< then a long walk shows its progress

  static Io system();
};

/// How the tools end. Each tool's page lists the sentences of the codes that it uses.
enum class Exit : int { Ok = 0, Failed = 1, Usage = 2, Unknown = 3, Interrupted = 4 };

/// Says on standard error what went wrong, one line each: `setace: docs/a: Operation not permitted`.
class Complaints {
 public:
  Complaints(Io& io, std::string_view tool) : io_(io), tool_(tool) {}

  /// `about` is a file name; empty: about nothing in particular.
  void error(std::string_view about, std::string_view message);
  /// Worth knowing, but not a failure.
  void note(std::string_view about, std::string_view message);
  bool any() const { return any_; }
  /// Failed when there was an error, else Ok.
  Exit verdict() const { return any_ ? Exit::Failed : Exit::Ok; }

 private:
  void say(std::string_view kind, std::string_view about, std::string_view message);

  Io& io_;
  std::string tool_;
  bool any_ = false;
};

/// What strerror says of a positive errno.
std::string error_text(int error);

}  // namespace acefs::tool
