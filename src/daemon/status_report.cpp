// SPDX-License-Identifier: MIT
#include "daemon/status_report.hpp"

#include <dirent.h>
#include <sys/resource.h>

#include <spdlog/fmt/fmt.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "acefs/base/whole_number.hpp"

namespace acefs::daemon {
namespace {

using Json = nlohmann::ordered_json;

/// Bounds of what is reported, each four times the former: from a microsecond to a quarter of a minute.
constexpr std::uint64_t kFirstBound = 1024;
constexpr int kBounds = 13;

Json value_of(const std::string& text) {
  if (const auto number = whole_number(text)) return *number;
  return text;
}

/// Nothing when there is no descriptor left to count them by.
std::optional<std::size_t> open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> all(::opendir("/proc/self/fd"), ::closedir);
  if (!all) return std::nullopt;
  std::size_t count = 0;
  while (::readdir(all.get()) != nullptr) ++count;
  return count < 3 ? 0 : count - 3;  // ".", ".." and the one by which they are read
}

Json descriptors() {
  Json json = Json::object();
  if (const auto open = open_descriptors()) json["open"] = *open;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) json["limit"] = static_cast<std::uint64_t>(limit.rlim_cur);
  return json;
}

Json operation_of(const fuse::OperationCount& of) {
  Json json = {{"count", of.count},
               {"denied", {{"EACCES", of.access}, {"EPERM", of.permission}, {"EXDEV", of.cross_device}}},
               {"absent", of.absent},
               {"failed", of.failed},
               {"timed", of.timed},
               {"nanoseconds", of.nanoseconds},
               {"p50_ns", of.percentile(0.5)},
               {"p90_ns", of.percentile(0.9)},
               {"p99_ns", of.percentile(0.99)},
               {"p999_ns", of.percentile(0.999)},
               {"at_most_ns", Json::array()}};
  std::uint64_t bound = kFirstBound;
  for (int i = 0; i < kBounds; ++i, bound *= 4) {
    std::uint64_t within = 0;
    for (unsigned bucket = 0; bucket < fuse::Buckets::kCount && fuse::Buckets::end_of(bucket) <= bound; ++bucket)
      within += of.durations[bucket];
    json["at_most_ns"].push_back({bound, within});
  }
  return json;
}

template <typename T>
std::string word(T value, std::initializer_list<std::pair<T, const char*>> words) {
  for (const auto& [known, text] : words)
    if (known == value) return text;
  return "";
}

/// Control bytes and the backslash as a backslash and three octal digits: the name of a directory may have them.
std::string on_one_line(const std::string& value) {
  std::string line;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f && c != '\\') line += c;
    else line += fmt::format("\\{:03o}", byte);
  }
  return line;
}

const char* yes_no(bool value) { return value ? "yes" : "no"; }

}  // namespace

std::string lines_of(const Facts& facts) {
  std::string text;
  for (const auto& [key, value] : facts) text += key + '=' + on_one_line(value) + '\n';
  return text;
}

Facts in_force(const Options& o) {
  return {
      {"base", o.fs.profile.mode_gives_base ? "mode" : "none"},
      {"traverse", o.fs.profile.traverse_is_strict ? "strict" : "bypass"},
      {"root_squash", yes_no(!o.fs.profile.root_has_all)},
      {"groups", o.groups == principal::GroupSource::Process ? "process" : "nss"},
      {"prefix", o.store.prefix},
      {"overflow", o.store.overflow == backing::Overflow::Auto ? "auto" : "always"},
      {"config", o.config},
      {"checks", o.fs.checks ? "on" : "off"},
      {"hide_unreadable", yes_no(o.fs.hide_unreadable)},
      {"cache", o.fs.public_cache ? "public" : "exact"},
      {"names", o.names_cached ? "cached" : "uncached"},
      {"locks", o.fs.locks == fs::Locks::Backing ? "backing" : "local"},
      {"domain", o.fs.domain},
      {"list_nfs4_acl", o.fs.list_nfs4_acl ? "on" : "off"},
      {"coherence", word(o.coherence, {{CoherenceSource::Auto, "auto"}, {CoherenceSource::Fanotify, "fanotify"},
                                       {CoherenceSource::Statx, "statx"}, {CoherenceSource::Exclusive, "exclusive"}})},
      {"data", word(o.data, {{Data::Auto, "auto"}, {Data::Direct, "direct"}, {Data::Cached, "cached"}, {Data::Passthrough, "passthrough"}})},
      {"audit", word(o.audit, {{AuditLevel::Off, "off"}, {AuditLevel::Aces, "aces"}, {AuditLevel::Denied, "denied"}})},
      {"audit_to", o.trail.log},
      {"alarm_socket", o.trail.alarm_socket},
      {"alarm_command", o.trail.alarm_command},
      {"export", yes_no(o.fs.nfs_export)},
      {"io_uring", yes_no(o.io_uring)},
      {"only_me", yes_no(o.only_me)},
      {"threads", std::to_string(o.threads)},
      {"log_level", o.log_level},
  };
}

std::string report_of(const Facts& facts, const Options& options, const fuse::Metrics& metrics) {
  Json json = Json::object();
  for (const auto& [key, value] : facts) json[key] = value_of(value);
  json["descriptors"] = descriptors();
  json["options"] = Json::object();
  for (const auto& [key, value] : in_force(options)) json["options"][key] = value;
  json["operations"] = Json::object();
  const auto total = metrics.total();
  for (std::size_t i = 0; i < total.size(); ++i)
    if (total[i].count != 0) json["operations"][std::string(fuse::kOperations[i])] = operation_of(total[i]);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace acefs::daemon
