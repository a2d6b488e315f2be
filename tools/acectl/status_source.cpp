// SPDX-License-Identifier: MIT
#include "status_source.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>

#include "acefs/base/whole_number.hpp"
#include "common/node.hpp"
#include "mount_says.hpp"
#include "status_read.hpp"

namespace acefs::tool::acectl {

namespace {

/// Who mounted the filesystem, as the kernel knows it, whatever the mount says of itself.
std::optional<uid_t> user_of_mount(dev_t device) {
  const std::string number = ' ' + std::to_string(major(device)) + ':' + std::to_string(minor(device)) + ' ';
  constexpr std::string_view kUserField = "user_id=";
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const auto options = line.rfind(' ');  // of the filesystem: the last field
    const auto found = line.find(number) == std::string::npos ? std::string::npos : line.find(kUserField, options);
    if (found == std::string::npos) continue;
    uid_t user = 0;
    const char* const begin = line.data() + found + kUserField.size();
    if (std::from_chars(begin, line.data() + line.size(), user).ptr != begin) return user;
  }
  return std::nullopt;
}

Json json_of(const MountSays& said) {
  Json json = Json::object();
  for (const auto& [key, value] : said) {
    if (const auto number = whole_number(value)) json[key] = *number;
    else json[key] = value;
  }
  return json;
}

/// Nothing: no one object, or one that is too deep for us.
std::optional<Json> parse_status(const std::string& text) {
  constexpr int kMostLevels = 8;
  bool too_deep = false;
  const auto watch = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMostLevels;
    return !too_deep;
  };
  Json json = Json::parse(text, watch, false);
  if (too_deep || !json.is_object()) return std::nullopt;
  return json;
}

}  // namespace

std::optional<Json> ask_mount(const std::string& path, Wanted wanted, Complaints& complaints) {
  const auto failed = [&complaints](const std::string& about, const std::string& message) {
    complaints.error(about, message);
    return std::nullopt;
  };
  const auto node = open_node(AT_FDCWD, path, Symlinks::Follow);
  if (!node) return failed(path, error_text(node.status().errno_value()));
  const auto said = mount_says(*node);
  if (!said) return failed(path, error_text(said.status().errno_value()));
  if (said->empty()) return failed(path, "not on an acefs mount");
  const auto half = [&](const std::string& about, const std::string& why) -> std::optional<Json> {
    if (wanted == Wanted::All) return failed(about, why);
    complaints.note(about, why + ": operations are not told");
    return json_of(*said);
  };
  const auto socket = said->find("status_socket");
  if (socket == said->end()) return half(path, "the mount has no status socket");
  const auto user = user_of_mount(node->st.st_dev);
  const auto text = read_status(socket->second, user.value_or(0));
  if (!text) {
    const std::string why = error_text(text.status().errno_value());
    const bool may_ask = ::geteuid() == 0 || ::geteuid() == user;
    return may_ask ? failed(socket->second, why) : half(socket->second, why);
  }
  auto json = parse_status(*text);
  if (!json) return failed(socket->second, "expected one JSON object from the daemon");
  return json;
}

}  // namespace acefs::tool::acectl
