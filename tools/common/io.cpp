// SPDX-License-Identifier: MIT
#include "io.hpp"

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <system_error>

#include "quoting.hpp"

namespace acefs::tool {

Io Io::system() {
  const auto now = [] {
    return acl::TimePoint{std::chrono::duration_cast<std::chrono::nanoseconds>(
                              std::chrono::system_clock::now().time_since_epoch())
                              .count()};
  };
  return {std::cin, std::cout, std::cerr, now, ::isatty(STDERR_FILENO) == 1};
}

void Complaints::error(std::string_view about, std::string_view message) {
  any_ = true;
  say("", about, message);
}

void Complaints::note(std::string_view about, std::string_view message) { say("note: ", about, message); }

void Complaints::say(std::string_view kind, std::string_view about, std::string_view message) {
  io_.out.flush();  // both may be the same terminal: keep the order in which things were said
  io_.err << tool_ << ": ";
  if (!about.empty()) io_.err << quote_name(about) << ": ";
  io_.err << kind << message << '\n';
}

std::string error_text(int error) { return std::generic_category().message(error); }

}  // namespace acefs::tool
