// SPDX-License-Identifier: MIT
#include "daemon/run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "backing/acting.hpp"
#include "daemon/background.hpp"
#include "daemon/choose_coherence.hpp"
#include "daemon/exit_codes.hpp"
#include "daemon/file_watch.hpp"
#include "daemon/log.hpp"
#include "daemon/outside.hpp"
#include "daemon/places.hpp"
#include "daemon/sandbox.hpp"
#include "daemon/signals.hpp"
#include "daemon/status_report.hpp"
#include "daemon/status_socket.hpp"
#include "daemon/version.hpp"
#include "fuse/notifier.hpp"
#include "fuse/request_loop.hpp"
#include "fuse/server.hpp"
#include "node/table.hpp"

namespace acefs::daemon {
namespace {

constexpr double kForEver = 1e9;  // seconds

/// Raises the limit of open files to what is allowed; returns it.
std::size_t raise_file_limit() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 256;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(limit.rlim_cur, 1 << 20);
}

/// A quarter of the descriptors for directories; the others are for files that users hold open.
std::size_t directories_to_hold(std::size_t file_limit) { return std::clamp<std::size_t>(file_limit / 4, 16, 8192); }

/// What is left of them for users' handles: some are for the daemon itself, and for a moment in each operation.
std::size_t handles_to_share(std::size_t file_limit) {
  const std::size_t own = directories_to_hold(file_limit) + std::clamp<std::size_t>(file_limit / 8, 32, 256);
  return std::max<std::size_t>(file_limit - std::min(own, file_limit), 1);
}

/// What decides who is who must be root's, or of whoever runs this.
void warn_if_others_may_write(const std::string& file) {
  struct stat st {};
  if (::stat(file.c_str(), &st) < 0) return;
  const bool others = (st.st_uid != 0 && st.st_uid != ::geteuid()) || (st.st_mode & 022U) != 0;
  if (others) spdlog::warn("{}: others may write it, and so become whom they like", file);
}

std::shared_ptr<const principal::Config> load_config(const std::string& file) {
  if (file.empty()) return std::make_shared<const principal::Config>();
  warn_if_others_may_write(file);
  auto config = principal::Config::load(file);
  if (!config) throw StartError(kConfig, config.error().message);
  for (const auto& problem : config->problems) spdlog::error("{}:{}: {}", file, problem.line, problem.message);
  return std::make_shared<const principal::Config>(std::move(*config));
}

/// Puts what the file says into force. The log hears of mistakes, those that show only in numbers included.
void configure(principal::Resolver& resolver, const std::string& file) {
  resolver.configure(load_config(file));
  for (const std::string& problem : resolver.problems()) spdlog::error("{}: {}", file, problem);
}

/// Everything that outlives single requests, in the order in which it depends on one another.
struct Stack {
  Stack(const Options& options, UniqueFd source, dev_t dev, const node::InodeKey& root_key, std::size_t file_limit)
      : root(std::make_shared<const UniqueFd>(std::move(source))), store(root->get(), options.store), accounts(principal::system_accounts()),
        resolver(principals, *accounts, {.groups = options.groups}), table(root_key, options.fs.nfs_export),
        held(backing, root->get(), dev, directories_to_hold(file_limit)), coherence(choose_coherence(options, root->get(), dev, table, notifier)),
        walk(backing, store, table, held, principals, root, notifier, *coherence), authorizer(table, walk, resolver, principals, options.fs),
        ops(backing, store, authorizer, options.fs, notifier), kernel_cache(table) {
    notifier.use(kernel_cache);
  }

  node::SharedFd root;
  backing::Backing backing;
  backing::GrantStore store;
  acl::PrincipalTable principals;
  std::unique_ptr<principal::Accounts> accounts;
  principal::Resolver resolver;
  fuse::Notifier notifier;
  node::Table table;
  node::HeldDirs held;
  std::unique_ptr<node::Coherence> coherence;
  node::Walk walk;
  fs::Authorizer authorizer;
  fs::Ops ops;
  fuse::KernelCache kernel_cache;
  fuse::LockWaiters waiters;
};

std::unique_ptr<audit::Trail> open_trail(const Options& options) {
  if (options.audit == AuditLevel::Off) return nullptr;
  try {
    return std::make_unique<audit::Trail>(options.trail);
  } catch (const std::runtime_error& e) {
    throw StartError(kUsage, e.what());
  }
}

/// What the mount says of itself to everybody on it.
Facts facts_of(const Stack& stack, const fuse::Server& server, const audit::Trail* trail, const Options& options, const Sandbox& sandbox) {
  Facts facts;
  const auto line = [&facts](std::string key, const auto& value) { facts.emplace_back(std::move(key), fmt::format("{}", value)); };
  line("source", options.source);
  line("mountpoint", options.mountpoint);
  line("version", ACEFS_VERSION);
  line("libfuse", fuse_pkgversion());
  line("coherence", stack.coherence->name());
  line("cache", stack.kernel_cache.enabled() ? "public" : "exact");
  line("data", server.passthrough.enabled() ? "passthrough" : server.direct ? "direct" : "cached");
  line("clears_setid", server.clears_setid ? "yes" : "no");
  line("sandbox_capabilities", sandbox.capabilities);
  line("sandbox_privileges", sandbox.privileges);
  line("sandbox_system_calls", sandbox.system_calls);
  line("sandbox_files", sandbox.files);
  // By what is decided here, for who asks without the daemon.
  for (const auto& option : in_force(options))
    if (std::set<std::string>{"base", "traverse", "root_squash", "groups", "config", "checks"}.contains(option.first)) facts.push_back(option);
  if (options.status_socket) line("status_socket", *options.status_socket);
  line("nodes", stack.table.size());
  line("held_directories", stack.held.size());
  line("open_files", server.files.size());
  line("open_directories", server.dirs.size());
  line("lock_waiters", stack.waiters.size());
  if (trail != nullptr) {
    const auto count = [&line](const std::string& name, const audit::Count& of) {
      line(name + "_written", of.written);
      line(name + "_lost", of.lost);
      line(name + "_queued", of.queued);
    };
    count("audit", trail->log());
    count("alarm_socket", trail->socket());
    count("alarm_command", trail->command());
  }
  return facts;
}

/// Opens it where `options` say, else at the usual place, and notes there where it is. One that was asked for must be had.
std::unique_ptr<StatusSocket> open_status_socket(Options& options, std::function<std::string()> status) {
  const bool asked_for = options.status_socket.has_value();
  if (!asked_for) options.status_socket = StatusSocket::default_path();
  if (options.status_socket->empty() || *options.status_socket == "off") {
    options.status_socket.reset();
    return nullptr;
  }
  try {
    return std::make_unique<StatusSocket>(*options.status_socket, ::getuid(), std::move(status));
  } catch (const std::runtime_error& e) {
    if (asked_for) throw StartError(kUnavailable, e.what());
    spdlog::warn("{}", e.what());
    options.status_socket.reset();
    return nullptr;
  }
}

struct DestroySession {
  void operator()(fuse_session* session) const { fuse_session_destroy(session); }
};
using Session = std::unique_ptr<fuse_session, DestroySession>;

Session make_session(const Options& options, fuse::Server& server) {
  std::string list = "subtype=acefs";
  const bool names_itself = std::any_of(options.mount_options.begin(), options.mount_options.end(),
                                        [](const std::string& o) { return o.starts_with("fsname="); });
  auto add = [&list](const std::string& option) {
    list += ',';
    for (const char c : option) list += c == ',' || c == '\\' ? std::string{'\\', c} : std::string{c};
  };
  if (!names_itself) add("fsname=" + options.source);
  if (backing::can_act() && !options.only_me) add("allow_other");
  if (options.io_uring && can_use_io_uring()) add("io_uring");
  for (const std::string& option : options.mount_options) {
    if (option != "allow_other" || !backing::can_act()) add(option);
  }
  fuse_args args = FUSE_ARGS_INIT(0, nullptr);
  fuse_opt_add_arg(&args, "acefs");
  fuse_opt_add_arg(&args, "-o");
  fuse_opt_add_arg(&args, list.c_str());
  const fuse_lowlevel_ops& operations = fuse::operations(options.fs.locks);
  Session session(fuse_session_new(&args, &operations, sizeof operations, &server));
  fuse_opt_free_args(&args);
  if (!session) throw StartError(kUsage, "libfuse does not accept the mount options \"" + list + "\"");
  return session;
}

bool is_connected(fuse_session* session) {
  pollfd device{fuse_session_fd(session), 0, 0};
  return ::poll(&device, 1, 0) == 0 || (device.revents & POLLERR) == 0;
}

/// The files that serving needs.
Reach reach_of(const Options& options, int source) {
  Reach reach{.whole = {"/proc/self/fd/" + std::to_string(source)}, .writable = {}, .readable = what_programs_read()};
  const auto directory_of = [](const std::string& file) { return std::filesystem::path(file).parent_path().string(); };
  constexpr std::string_view kFile = "file:";
  if (options.log.starts_with('/')) reach.writable.push_back(directory_of(options.log));
  if (options.trail.log.starts_with(kFile)) reach.writable.push_back(directory_of(options.trail.log.substr(kFile.size())));
  if (options.status_socket) reach.writable.push_back(directory_of(*options.status_socket));
  if (options.config.empty()) return reach;
  // It may be a link to where it is kept, and another one tomorrow; the directory's rule is for what takes its place.
  std::error_code ignored;
  reach.readable.push_back(directory_of(options.config));
  reach.readable.push_back(directory_of(std::filesystem::weakly_canonical(options.config, ignored).string()));
  return reach;
}

unsigned threads_for(const Options& options) {
  return options.threads != 0 ? options.threads : std::max(4U, std::thread::hardware_concurrency());
}

}  // namespace

int run(const Options& given) {
  Options options = given;
  UniqueFd source = open_source(options.source);
  options.mountpoint = check_mountpoint(options.mountpoint, options.source);
  // The background has another working directory.
  options.source = std::filesystem::absolute(options.source);
  if (!options.config.empty()) options.config = std::filesystem::absolute(options.config);
  const bool log_is_file = !options.log.empty() && options.log != "stderr" && options.log != "syslog";
  if (log_is_file) options.log = std::filesystem::absolute(options.log);
  if (options.status_socket && *options.status_socket != "off") options.status_socket = std::filesystem::absolute(*options.status_socket);
  const int starter_fd = options.foreground ? -1 : go_to_background();
  const std::string target = !options.log.empty() ? options.log : options.foreground ? "stderr" : "syslog";
  const auto log = open_log(target, options.log_level);
  // Until it is known that the mount succeeds, messages are for whoever started it.
  spdlog::set_default_logger(options.foreground || log_is_file ? log : open_log("stderr", options.log_level));

  const std::size_t file_limit = raise_file_limit();
  Sandbox sandbox(options.sandbox, options.io_uring);
  const Outside outside(options, sandbox.applies());
  sandbox.give_up_capabilities();
  ::umask(0);  // the kernel has applied the callers' umask already
  if (Status s = backing::prepare_acting(); !s)
    throw StartError(kUnavailable, std::string("this process may not act as its callers: ") + std::strerror(s.errno_value()));
  backing::Backing probe;
  const auto attr = probe.stat_at(source.get(), "");
  if (!attr) throw StartError(kNoSource, "backing directory " + options.source + ": " + std::strerror(attr.error().errno_value()));

  std::mutex running_mutex;  // held while stopping, so that the session outlives it
  fuse::RequestLoop* running = nullptr;
  bool stop_asked = false;
  Stack* stack_for_reload = nullptr;
  std::unique_ptr<audit::Trail> trail;
  std::mutex reload_mutex;
  struct sigaction wake {};
  wake.sa_handler = [](int) {};
  ::sigaction(SIGALRM, &wake, nullptr);
  const auto read_config_again = [&] {  // with reload_mutex
    try {
      configure(stack_for_reload->resolver, options.config);
      stack_for_reload->kernel_cache.drop_all();  // it may refuse users from now on
      spdlog::info("configuration read again");
    } catch (const std::exception& e) {
      spdlog::error("configuration stays as it was: {}", e.what());
    }
  };
  const Signals signals(
      [&] {
        const std::lock_guard lock(running_mutex);
        stop_asked = true;
        if (running == nullptr) return;
        if (::geteuid() == 0) outside.end_mount();
        // Another mount namespace may have a copy of the mount, and keep it. Without privilege libfuse unmounts then, by fusermount3.
        running->stop();
      },
      [&] {
        const std::lock_guard lock(reload_mutex);
        if (stack_for_reload == nullptr) return;
        if (trail) trail->reopen();
        read_config_again();
      });

  options.trail.run_alarm = outside.run_alarm();
  trail = open_trail(options);
  options.fs.audit = trail.get();
  options.fs.audit_denials = options.audit == AuditLevel::Denied;
  options.fs.handles = handles_to_share(file_limit);
  Stack stack(options, std::move(source), attr->st.st_dev, node::InodeKey::of(*attr), file_limit);
  FileWatch config_watch(options.config);
  configure(stack.resolver, options.config);
  fuse::Server server{.ops = stack.ops, .waiters = stack.waiters, .cache = stack.kernel_cache, .name_timeout = options.names_cached ? kForEver : 0.0,
                      .generation = 1 + std::random_device()() % 0x7fffffffU, .on_ready = {}};
  const auto facts = [&] { return facts_of(stack, server, trail.get(), options, sandbox); };
  options.fs.status = [&facts] { return lines_of(facts()); };
  server.wants_passthrough = options.data == Data::Passthrough;
  // Attributes that the kernel keeps let it answer reads from its pages without asking: cache=public is for that.
  server.wants_direct = options.data != Data::Cached && (options.data != Data::Auto || !options.fs.public_cache);
  server.wants_io_uring = options.io_uring && can_use_io_uring();
  server.on_ready = [&options, &log, starter_fd] {
    if (!options.foreground) {
      let_go_of_terminal();
      spdlog::set_default_logger(log);
    }
    for (const int fd : {options.ready_fd, starter_fd}) {
      if (fd >= 0 && ::write(fd, "1", 1) == 1) ::close(fd);
    }
  };
  const auto status_socket = open_status_socket(options, [&] { return report_of(facts(), options, server.metrics); });
  sandbox.prepare(reach_of(options, stack.root->get()));
  const Session session = make_session(options, server);
  server.session = session.get();
  if (fuse_session_mount(session.get(), options.mountpoint.c_str()) != 0)
    throw StartError(kUnavailable, "cannot mount on " + options.mountpoint);
  if (Status s = fuse::InitFlags::attach(session.get()); !s)
    throw StartError(kInternal, std::string("libfuse does not take the functions to receive and send by: ") + std::strerror(s.errno_value()));
  stack.notifier.attach(session.get());
  if (options.fs.public_cache) stack.kernel_cache.enable(session.get());
  {
    const std::lock_guard lock(reload_mutex);
    stack_for_reload = &stack;
  }
  config_watch.start([&] {
    const std::lock_guard lock(reload_mutex);
    if (stack_for_reload != nullptr) read_config_again();
  });
  sandbox.confine();
  fuse::RequestLoop loop(session.get());
  bool stop_at_once = false;
  {
    const std::lock_guard lock(running_mutex);
    running = &loop;
    stop_at_once = stop_asked;
  }
  int code = kOk;
  if (const int error = stop_at_once ? 0 : loop.run(threads_for(options)); error != 0) {
    spdlog::error("serving {}: {}", options.mountpoint, std::strerror(error));
    code = kInternal;
  }
  {
    const std::lock_guard lock(running_mutex);
    running = nullptr;
  }
  {
    const std::lock_guard lock(reload_mutex);
    stack_for_reload = nullptr;
  }
  stack.waiters.stop();
  stack.kernel_cache.disable();
  stack.notifier.attach(nullptr);
  // libfuse does nothing where it is unmounted already, and may not unmount here any more.
  if (sandbox.applies() && is_connected(session.get())) outside.cut_mount();
  fuse_session_unmount(session.get());
  return code;
}

}  // namespace acefs::daemon
