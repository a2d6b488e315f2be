// SPDX-License-Identifier: MIT
// /proc/PID/status of a caller, who chooses the name in its first line.
#include <string>

#include "principal/proc_status.hpp"
#include "property.hpp"
#include "targets.hpp"

namespace acefs::fuzz {
void fuzz_proc_status(std::string_view text) {
  const auto who = principal::parse_status(text);
  if (!who) return;
  const auto stands_there = [&](id_t id) { return text.find(std::to_string(id)) != std::string_view::npos; };
  must(stands_there(who->uid) && stands_there(who->gid), "uid and gid are in the text");
  for (const gid_t group : who->groups) must(stands_there(group) && group != static_cast<gid_t>(-1), "groups are in the text");
  must(who->groups.size() <= text.size() / 2, "there are no more groups than the text can hold");
  // Nobody becomes another by what follows, as nobody does by what he calls himself.
  const auto again = principal::parse_status(std::string(text) + "\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0\n");
  must(again && again->uid == who->uid && again->gid == who->gid, "the first line of a name counts");
}

}  // namespace acefs::fuzz
