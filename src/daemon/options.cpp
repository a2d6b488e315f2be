// SPDX-License-Identifier: MIT
#include "daemon/options.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <set>

#include "daemon/exit_codes.hpp"
#include "daemon/version.hpp"
#include "fuse/libfuse.hpp"

namespace acefs::daemon {
namespace {

[[noreturn]] void bad(const std::string& message) { throw StartError(kUsage, message); }

/// One option that can stand behind -o, and as --name as well.
struct Setting {
  std::string value_name;  ///< empty: takes none
  std::string help;
  std::function<void(Options&, const std::string&)> set;
};

template <typename T>
std::function<void(Options&, const std::string&)> choice(const std::string& name, std::map<std::string, T> values,
                                                         std::function<void(Options&, T)> set) {
  return [=](Options& o, const std::string& text) {
    const auto it = values.find(text);
    if (it == values.end()) {
      std::string expected;
      for (const auto& [value, unused] : values) expected += (expected.empty() ? "" : " or ") + value;
      bad("option " + name + ": \"" + text + "\" is not " + expected);
    }
    set(o, it->second);
  };
}

unsigned number(const std::string& name, const std::string& text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most)
    bad("option " + name + ": \"" + text + "\" is not a number up to " + std::to_string(most));
  return value;
}

const std::map<std::string, Setting>& settings() {
  static const std::map<std::string, Setting> table = {
      {"base", {"mode|none", "what a node's POSIX mode gives (mode)",
                choice<bool>("base", {{"mode", true}, {"none", false}}, [](Options& o, bool v) { o.fs.profile.mode_gives_base = v; })}},
      {"traverse", {"strict|bypass", "whether every ancestor must give x (strict)",
                    choice<bool>("traverse", {{"strict", true}, {"bypass", false}},
                                 [](Options& o, bool v) { o.fs.profile.traverse_is_strict = v; })}},
      {"root_squash", {"", "uid 0 is treated as anybody else", [](Options& o, const std::string&) { o.fs.profile.root_has_all = false; }}},
      {"groups", {"process|nss", "where supplementary groups come from (process)",
                  choice<principal::GroupSource>("groups", {{"process", principal::GroupSource::Process}, {"nss", principal::GroupSource::Nss}},
                                                 [](Options& o, principal::GroupSource v) { o.groups = v; })}},
      {"prefix", {"NAME", "prefix of the grants' attributes (user.oc.grant.)",
                  [](Options& o, const std::string& v) {
                    const bool has_base = v.find('.', 5) < v.size() - 1 && v.find("..") == std::string::npos;
                    if (!v.starts_with("user.") || !v.ends_with('.') || !has_base || v.size() > 200)
                      bad("option prefix: \"" + v + "\" is not of the form user.BASE.NAME.");
                    o.store.prefix = v;
                  }}},
      {"overflow", {"auto|always", "when grants move to a side file: if the backing refuses them, or beyond 1024 bytes (auto)",
                    choice<backing::Overflow>("overflow", {{"auto", backing::Overflow::Auto}, {"always", backing::Overflow::Always}},
                                              [](Options& o, backing::Overflow v) { o.store.overflow = v; })}},
      {"config", {"FILE", "users, groups and roles (acefs.toml)", [](Options& o, const std::string& v) { o.config = v; }}},
      {"log", {"stderr|syslog|FILE", "where messages go", [](Options& o, const std::string& v) { o.log = v; }}},
      {"log_level", {"error|warn|info|debug", "which messages are written (info)",
                     choice<std::string>("log_level", {{"error", "error"}, {"warn", "warn"}, {"info", "info"}, {"debug", "debug"}},
                                         [](Options& o, std::string v) { o.log_level = std::move(v); })}},
      {"hide_unreadable", {"", "leave out of listings what the caller can see nothing of",
                           [](Options& o, const std::string&) { o.fs.hide_unreadable = true; }}},
      {"io_uring", {"", "exchange requests with the kernel by io_uring, where libfuse (3.18) and the kernel can",
                    [](Options& o, const std::string&) { o.io_uring = true; }}},
      {"cache", {"exact|public", "whether the kernel may keep what everybody may see (exact)",
                 choice<bool>("cache", {{"exact", false}, {"public", true}}, [](Options& o, bool v) { o.fs.public_cache = v; })}},
      {"locks", {"backing|local", "where file locks live: on the backing files, or among users of this mount (backing)",
                 choice<fs::Locks>("locks", {{"backing", fs::Locks::Backing}, {"local", fs::Locks::Local}},
                                   [](Options& o, fs::Locks v) { o.fs.locks = v; })}},
      {"domain", {"NAME", "NFSv4 clients may write users and groups as name@NAME", [](Options& o, const std::string& v) { o.fs.domain = v; }}},
      {"list_nfs4_acl", {"on|off", "whether system.nfs4_acl is listed on nodes with ACEs, which ls shows as + (on)",
                         choice<bool>("list_nfs4_acl", {{"on", true}, {"off", false}}, [](Options& o, bool v) { o.fs.list_nfs4_acl = v; })}},
      {"sandbox", {"on|off", "give up the capabilities, privileges and system calls that serving does not need (on)",
                   choice<bool>("sandbox", {{"on", true}, {"off", false}}, [](Options& o, bool v) { o.sandbox = v; })}},
      {"names", {"cached|uncached", "whether the kernel may keep names (cached)",
                 choice<bool>("names", {{"cached", true}, {"uncached", false}}, [](Options& o, bool v) { o.names_cached = v; })}},
      {"coherence", {"auto|fanotify|statx|exclusive", "what proves that nothing changed behind the mount (auto)",
                     choice<CoherenceSource>("coherence",
                                             {{"auto", CoherenceSource::Auto}, {"fanotify", CoherenceSource::Fanotify},
                                              {"statx", CoherenceSource::Statx}, {"exclusive", CoherenceSource::Exclusive}},
                                             [](Options& o, CoherenceSource v) { o.coherence = v; })}},
      {"data", {"auto|direct|cached|passthrough", "how the bytes of open files move (direct, with cache=public cached)",
                choice<Data>("data", {{"auto", Data::Auto}, {"direct", Data::Direct}, {"cached", Data::Cached}, {"passthrough", Data::Passthrough}},
                             [](Options& o, Data v) {
                               if (v == Data::Passthrough && !fuse::kCanPassThrough)
                                 bad(std::string("option data: \"passthrough\" needs libfuse 3.17, this acefs was built with ") + built_with_libfuse());
                               o.data = v;
                             })}},
      {"audit", {"off|aces|denied", "what is logged of access: what audit and alarm ACEs ask for, or also all that is refused (aces)",
                 choice<AuditLevel>("audit", {{"off", AuditLevel::Off}, {"aces", AuditLevel::Aces}, {"denied", AuditLevel::Denied}},
                                    [](Options& o, AuditLevel v) { o.audit = v; })}},
      {"audit_to", {"file:PATH|syslog|journal", "where that is logged (syslog)", [](Options& o, const std::string& v) { o.trail.log = v; }}},
      {"alarm_socket", {"PATH", "Unix datagram socket that alarms are sent to", [](Options& o, const std::string& v) { o.trail.alarm_socket = v; }}},
      {"alarm_command", {"PATH", "program that is run for each alarm", [](Options& o, const std::string& v) { o.trail.alarm_command = v; }}},
      {"status_socket", {"PATH|off", "Unix socket that tells root and the mounting user what the mount is doing (/run/acefs/PID.sock)",
                         [](Options& o, const std::string& v) {
                           const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
                           if (v.empty() || std::any_of(v.begin(), v.end(), is_control)) bad("option status_socket: expected a path, or off");
                           o.status_socket = v;
                         }}},
      {"checks", {"on|off", "",  // no help: for benchmarks, which say what the checks cost
                  choice<bool>("checks", {{"on", true}, {"off", false}}, [](Options& o, bool v) { o.fs.checks = v; })}},
      {"export", {"", "keep file handles valid after the kernel forgot the node, for re-export by NFS",
                  [](Options& o, const std::string&) { o.fs.nfs_export = true; }}},
      {"threads", {"N", "worker threads (processors, at least 4)",
                   [](Options& o, const std::string& v) { o.threads = number("threads", v, 256); }}},
      {"only_me", {"", "serve the mounting user only", [](Options& o, const std::string&) { o.only_me = true; }}},
  };
  return table;
}

/// Options of mount(8) that libfuse or the kernel understand.
const std::set<std::string, std::less<>> kForMount = {"ro",    "rw",      "suid",  "nosuid", "dev",     "nodev",    "exec",    "noexec",
                                                      "atime", "noatime", "async", "sync",   "dirsync", "max_read", "fsname",  "subtype",
                                                      "auto_unmount", "allow_other"};
/// Options of fstab(5) that are for mount(8) itself and reach us all the same.
const std::set<std::string, std::less<>> kIgnored = {"defaults", "_netdev", "nofail", "auto",  "noauto", "user",
                                                     "users",    "nouser",  "owner",  "group", "relatime", "nodiratime", "norelatime", "strictatime", "lazytime", "nolazytime"};

void apply_item(Options& options, const std::string& item) {
  if (item.empty()) return;
  const auto equals = item.find('=');
  const std::string name = item.substr(0, equals);
  const bool has_value = equals != std::string::npos;
  const auto known = settings().find(name);
  if (known != settings().end()) {
    if (known->second.value_name.empty() && has_value) bad("option " + name + " takes no value");
    if (!known->second.value_name.empty() && !has_value) bad("option " + name + " needs a value: " + known->second.value_name);
    known->second.set(options, has_value ? item.substr(equals + 1) : std::string());
    return;
  }
  if (name == "default_permissions") bad("option default_permissions would have the kernel decide by mode alone; acefs decides");
  if (kForMount.contains(name)) {
    options.mount_options.push_back(item);
  } else if (!kIgnored.contains(name) && !name.starts_with("x-") && name != "comment") {
    bad("unknown option \"" + item + "\" (acefs --help lists them)");
  }
}

/// Splits at commas; `\,` is a comma, as in mount options of libfuse.
void apply_list(Options& options, const std::string& list) {
  std::string item;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i] == '\\' && i + 1 < list.size() && (list[i + 1] == ',' || list[i + 1] == '\\')) {
      item += list[++i];
    } else if (list[i] == ',') {
      apply_item(options, item);
      item.clear();
    } else {
      item += list[i];
    }
  }
  apply_item(options, item);
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments, std::string& help) {
  Options options;
  CLI::App app{"Mounts a directory and enforces the NFSv4-style ACEs stored on it.", "acefs"};
  std::vector<std::string> lists;
  std::vector<std::string> long_options;
  app.add_option("SOURCE", options.source, "the backing directory")->required();
  app.add_option("MOUNTPOINT", options.mountpoint, "where it is served")->required();
  app.add_option("-o", lists, "options as mount(8) passes them: name or name=value, separated by commas; every long option below that "
                              "is not about starting can stand here")->allow_extra_args(false);
  app.add_flag("-f,--foreground", options.foreground, "do not go to the background");
  app.add_flag("-d,--debug", options.debug, "in the foreground, with debug messages");
  app.add_option("--ready-fd", options.ready_fd, "write one byte to this descriptor when the mount is usable");
  app.set_version_flag("-V,--version", version_text());
  for (const auto& [name, setting] : settings()) {
    if (setting.help.empty()) continue;
    const auto use = [&long_options, n = name](const std::string& value) { long_options.push_back(n + "=" + value); };
    if (setting.value_name.empty()) {
      app.add_flag_function("--" + name, [&long_options, n = name](std::int64_t) { long_options.push_back(n); }, setting.help);
    } else {
      app.add_option_function<std::string>("--" + name, use, setting.help)->type_name(setting.value_name);
    }
  }
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    help = app.help();
    return options;
  } catch (const CLI::CallForVersion&) {
    help = version_text();
    return options;
  } catch (const CLI::ParseError& e) {
    bad(e.what());
  }
  for (const std::string& list : lists) apply_list(options, list);
  for (const std::string& item : long_options) apply_item(options, item);
  if (options.debug) {
    options.foreground = true;
    options.log_level = "debug";
  }
  options.fs.prefix = options.store.prefix;
  return options;
}

}  // namespace acefs::daemon
