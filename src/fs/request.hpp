// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "acefs/principal/resolver.hpp"
#include "backing/backing.hpp"
#include "node/node.hpp"

namespace acefs::fs {

/// Who asks, and for what.
struct Request {
  principal::Caller caller;
  /// As the audit trail calls it; nullptr: nobody attempts anything, something is only to be found out.
  const char* operation = nullptr;
  /// The kernel holds a directory for it: what waits for the kernel to change names there waits in vain.
  bool is_in_directory = false;
  std::uint64_t number = 0;      ///< each of the kernel's has another one
  const char* opcode = nullptr;  ///< what the kernel asks for, whoever hears of it

  /// The same caller, of whom the audit trail does not hear.
  Request untold() const { return {caller, nullptr, is_in_directory, number, opcode}; }
  Request in_directory() const { return {caller, operation, true, number, opcode}; }
};

/// What getattr answers.
struct Stat : backing::Attr {
  bool for_everyone = false;  ///< everybody may see it (Options::public_cache)
};

/// What the kernel is told of a node that it looked up or had made; counts as one lookup.
struct Entry {
  node::NodeId id{};  ///< 0: there is no such name, and everybody may know it
  backing::Attr attr;
  bool for_everyone = false;  ///< everybody may see it (Options::public_cache)

  /// The kernel opens fifos, sockets and devices without asking: only their lookup can be refused, so it must ask each time.
  bool must_be_looked_up() const { return !S_ISREG(attr.st.st_mode) && !S_ISDIR(attr.st.st_mode) && !S_ISLNK(attr.st.st_mode); }
};

}  // namespace acefs::fs
