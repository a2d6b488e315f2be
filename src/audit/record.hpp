// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "acefs/acl/audit.hpp"

namespace acefs::audit {

/// An ACE by where it is and how it reads.
struct NamedAce {
  acl::EntryKind kind = acl::EntryKind::Audit;
  std::string path;  ///< of the node that carries it, from the root of the mount
  std::string text;  ///< as getace prints it
};

/// One attempt, decided: what a line of the log says.
struct Record {
  acl::TimePoint time = 0;
  std::string operation;  ///< "open", "unlink"
  std::string path;       ///< of the node, from the root of the mount; any bytes
  std::string principal;  ///< "u:alice"
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  std::string command;    ///< of that thread; empty: it is gone
  acl::AccessMask needed;
  acl::AccessMask missing;
  bool granted = false;
  std::string reason;      ///< acl::name_of its ReasonKind, or "not_permitted": refused by another rule than letters
  std::string decided_at;  ///< path of the segment that decided
  std::string decided_by;  ///< the ACE that decided, if it was one
  std::vector<NamedAce> watchers;  ///< the audit and alarm ACEs that asked for this

  bool is_alarm() const {
    for (const NamedAce& ace : watchers) {
      if (ace.kind == acl::EntryKind::Alarm) return true;
    }
    return false;
  }
};

}  // namespace acefs::audit
