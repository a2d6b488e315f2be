// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "acefs/backing/grants.hpp"
#include "acefs/principal/resolver.hpp"
#include "audit/trail.hpp"
#include "fs/options.hpp"

namespace acefs::daemon {

/// Something wrong with what the administrator asked for; `what()` is one line.
class StartError : public std::runtime_error {
 public:
  StartError(int code, const std::string& message) : std::runtime_error(message), exit_code(code) {}
  int exit_code;
};

/// What proves that nothing changed since it was read (node/coherence.hpp).
enum class CoherenceSource { Auto, Fanotify, Statx, Exclusive };

/// What the audit trail hears of.
enum class AuditLevel {
  Off,
  Aces,    ///< what audit and alarm ACEs ask for
  Denied,  ///< and all that is refused
};

/// How the bytes of open files move between a caller and the backing.
enum class Data {
  Auto,         ///< Direct, but with cache=public Cached
  Direct,       ///< each read by a handle that only reads comes here; where the kernel cannot map such files: Cached
  Cached,       ///< by way of the kernel's pages of the mount
  Passthrough,  ///< the kernel reads and writes the backing by itself; where it cannot: Direct
};

struct Options {
  std::string source;
  std::string mountpoint;
  bool foreground = false;
  bool debug = false;
  int ready_fd = -1;          ///< one byte is written here when the mount is usable
  std::string config;         ///< acefs.toml, empty: none
  std::string log;            ///< stderr, syslog or a file; empty: stderr in the foreground, else syslog
  std::string log_level = "info";
  bool names_cached = true;
  bool only_me = false;       ///< do not serve other users
  CoherenceSource coherence = CoherenceSource::Auto;
  bool io_uring = false;      ///< where it is possible
  bool sandbox = true;        ///< give up what serving does not need
  Data data = Data::Auto;
  unsigned threads = 0;       ///< 0: as many as there are processors, at least 4
  AuditLevel audit = AuditLevel::Aces;
  std::optional<std::string> status_socket;  ///< where to tell what the mount is doing; nothing: the usual place; "off": nowhere
  audit::TrailOptions trail;
  fs::Options fs;
  backing::StoreOptions store;
  principal::GroupSource groups = principal::GroupSource::Process;
  std::vector<std::string> mount_options;  ///< for libfuse and the kernel
};

/// Reads the command line. Throws StartError(64) on what is not understood. `help` receives the text of --help or --version
/// when that was asked for, and then nothing else counts.
Options parse_options(const std::vector<std::string>& arguments, std::string& help);

}  // namespace acefs::daemon
