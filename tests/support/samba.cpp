// SPDX-License-Identifier: MIT
#include "samba.hpp"

#include <fcntl.h>

#include "grants.hpp"
#include "nodes.hpp"

namespace acefs::test {
namespace {

constexpr const char* kPassword = "secret";
constexpr const char* kWrapper = "libnss_wrapper.so";

struct Account {
  const char* name;
  uid_t uid;
};
constexpr Account kAccounts[] = {{"alice", kAlice}, {"bob", kBob}, {"carol", kCarol}};

std::string passwd() {
  std::string lines = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n";
  for (const Account& account : kAccounts) {
    const std::string number = std::to_string(account.uid);
    lines += std::string(account.name) + ":x:" + number + ":" + number + "::/nonexistent:/usr/sbin/nologin\n";
  }
  return lines;
}

std::string group_file() {
  std::string lines = "root:x:0:\nnogroup:x:65534:\n";
  for (const Account& account : kAccounts) lines += std::string(account.name) + ":x:" + std::to_string(account.uid) + ":\n";
  return lines + "staff:x:" + std::to_string(kStaff) + ":alice\n";
}

void write(const std::string& path, const std::string& text) { spill(path, text, O_WRONLY | O_CREAT | O_TRUNC, 0644); }

}  // namespace

std::optional<std::string> why_no_samba() {
  for (const char* program : {"smbd", "smbpasswd", "smbclient", "smbcacls"}) {
    if (find_program(program).empty()) return std::string("no ") + program;
  }
  if (run_program({{"true"}, {std::string("LD_PRELOAD=") + kWrapper}}).output.find("cannot be preloaded") != std::string::npos)
    return "no libnss-wrapper";
  const std::string built = run_program({{find_program("smbd"), "-b"}, {}}).output;
  const std::string label = "MODULESDIR: ";
  const auto begin = built.find(label);
  const std::string modules = begin == std::string::npos ? "" : built.substr(begin + label.size());
  for (const char* module : {"fake_perms", "nfs4acl_xattr"}) {
    if (!exists(modules.substr(0, modules.find('\n')) + "/vfs/" + module + ".so")) return std::string("no module ") + module;
  }
  return std::nullopt;
}

std::string nt_status(const Outcome& outcome) {
  const auto begin = outcome.output.find("NT_STATUS_");
  if (begin == std::string::npos) return outcome.code == 0 ? "NT_STATUS_OK" : outcome.output;
  const auto end = outcome.output.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", begin);
  return outcome.output.substr(begin, end - begin);
}

Samba::Samba(const std::string& path, const std::vector<std::string>& lines)
    : accounts_{std::string("LD_PRELOAD=") + kWrapper, "NSS_WRAPPER_PASSWD=" + place_.at("passwd"),
                "NSS_WRAPPER_GROUP=" + place_.at("group")} {
  enter_network_namespace();
  write_configuration(path, lines);
  const std::string configuration = place_.at("smb.conf");
  for (const Account& account : kAccounts) {
    if (account.uid == kCarol) continue;
    // smbpasswd asks for the password twice, on standard input.
    const std::string command = std::string("printf '%s\\n%s\\n' \"$1\" \"$1\" | exec \"$2\" -c \"$3\" -s -a \"$4\"");
    const Outcome added = run_program({{"sh", "-c", command, "sh", kPassword, find_program("smbpasswd"), configuration, account.name},
                                       accounts_});
    if (added.code != 0) problem_ += added.output;
  }
  service_.emplace(Command{{find_program("smbd"), "--configfile=" + configuration, "--foreground", "--no-process-group",
                            "--debug-stdout"},
                           accounts_},
                   "");
}

void Samba::write_configuration(const std::string& path, const std::vector<std::string>& lines) {
  write(place_.at("passwd"), passwd());
  write(place_.at("group"), group_file());
  std::string text = "[global]\n";
  for (const char* kind : {"private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir"}) {
    std::string directory = place_.at(kind);
    make_dir(directory, 0755);
    text += std::string(kind) + " = " + directory + "\n";
  }
  text +=
      "passdb backend = tdbsam\n"
      "server role = standalone server\n"
      "disable netbios = yes\n"
      "disable spoolss = yes\n"
      "load printers = no\n"
      "printcap name = /dev/null\n"
      "[data]\n"
      "read only = no\n"
      "path = " + path + "\n";
  for (const std::string& line : lines) text += line + "\n";
  write(place_.at("smb.conf"), text);
}

Outcome Samba::client(const std::string& user, const std::string& commands) const {
  return run_program({{"smbclient", "--configfile=" + place_.at("smb.conf"), "//127.0.0.1/data", "--user=" + user + "%" + kPassword,
                       "--command=" + commands},
                      {}});
}

Outcome Samba::session(const std::string& user, const std::vector<std::string>& commands) const {
  // smbclient runs the shell's commands only when it reads them from standard input.
  const std::string feed = "configuration=$1 user=$2; shift 2; printf '%s\n' \"$@\" | smbclient --configfile=\"$configuration\" "
                           "//127.0.0.1/data --user=\"$user\"";
  std::vector<std::string> arguments{"sh", "-c", feed, "sh", place_.at("smb.conf"), user + "%" + kPassword};
  arguments.insert(arguments.end(), commands.begin(), commands.end());
  return run_program({arguments, {}});
}

Outcome Samba::cacls(const std::string& user, const std::string& node, const std::vector<std::string>& options) const {
  std::vector<std::string> arguments{"smbcacls", "--configfile=" + place_.at("smb.conf"), "--numeric",
                                     "--user=" + user + "%" + kPassword, "//127.0.0.1/data", node};
  arguments.insert(arguments.end(), options.begin(), options.end());
  return run_program({arguments, {}});
}

std::string sid_of_user(unsigned uid) { return "S-1-22-1-" + std::to_string(uid); }

}  // namespace acefs::test
